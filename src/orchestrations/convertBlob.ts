import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { recordFailure } from "../activities/index.ts";
import type { SubmitTaskInput } from "../activities/submitTask.ts";
import type { Step } from "../durable.ts";
import type { CompletedTask, Submission, TaskRef } from "../model/batchTask.ts";
import type { Failure } from "../model/failures.ts";
import { MAX_ATTEMPTS, failureOf, isRetried } from "../model/failures.ts";
import { addSeconds } from "../model/time.ts";
import type { Cancellation } from "./cancellation.ts";
import { createCancellation } from "./cancellation.ts";
import type { ConversionInput, ConversionResult } from "./contract.ts";
import { CONVERT_BLOB } from "./contract.ts";
import { logged } from "./logged.ts";
import { publishWhenCopied } from "./publishWhenCopied.ts";
import { patientRetry } from "./retries.ts";
import { report } from "./status.ts";
import { submit } from "./submit.ts";
import type { Watch } from "./watch.ts";
import { watchFromNowOn } from "./watch.ts";
import { watchTask } from "./watchTask.ts";

/** How one attempt ended. */
type AttemptResult =
  | { readonly status: "ended"; readonly result: ConversionResult }
  | { readonly status: "paused"; readonly watch: Watch }
  | FailedAttempt;

interface FailedAttempt {
  readonly status: "failed";
  readonly failure: Failure;
  /** Null when no task was added. */
  readonly submission: Submission | null;
  /** Null when the task may still be running. */
  readonly completed: CompletedTask | null;
}

const SUPERSEDED: ConversionResult = { outcome: "superseded", record: null };

const FIRST_PAUSE_SECONDS = 5;
const PAUSE_GROWTH = 4;

/**
 * Makes of one version of one blob what its workload makes of it, in as many attempts as it takes. It is replayed from
 * its history at every turn, so it only decides: no clock, no randomness, and no I/O except through activities and timers.
 */
export function* convertBlob(context: OrchestrationContext): Step<ConversionResult | undefined> {
  const input = context.df.getInput<ConversionInput>();
  const { workload, source, firstAttempt = 1, startedAt = context.df.currentUtcDateTime.toISOString() } = input;
  const conversionId = context.df.instanceId;
  const cancellation = createCancellation(context);
  let { attempt, watch } = input.resumed ?? { attempt: firstAttempt, watch: undefined };
  let abandoned: TaskRef | null = null;

  for (;;) {
    const current: SubmitTaskInput = { conversionId, workload, source, startedAt, attempt, abandoned };
    const ended: AttemptResult = yield* runAttempt(context, cancellation, current, watch);
    if (ended.status === "paused") {
      context.df.continueAsNew({ workload, source, firstAttempt, startedAt, resumed: { attempt, watch: ended.watch } });
      return undefined;
    }
    if (ended.status === "ended") return finish(context, attempt, ended.result);

    const isLast = attempt >= firstAttempt + MAX_ATTEMPTS - 1;
    // An attempt that never got a task has been patient for hours.
    if (isLast || ended.submission === null || !isRetried(ended.failure)) {
      return finish(context, attempt, yield* recordTheFailure(current, ended));
    }
    const waitReason = `trying again after: ${ended.failure.message}`;
    report(context, attempt, "preparing", { waitReason, submission: ended.submission });
    const pauseSeconds = FIRST_PAUSE_SECONDS * PAUSE_GROWTH ** (attempt - firstAttempt);
    yield* cancellation.sleepUntil(addSeconds(context.df.currentUtcDateTime, pauseSeconds));
    if (cancellation.isRequested()) {
      const cancelled = { ...ended, failure: failureOf("Cancelled") };
      return finish(context, attempt, yield* recordTheFailure(current, cancelled));
    }
    abandoned = ended.completed === null ? (ended.submission?.task ?? null) : null;
    watch = undefined;
    attempt++;
  }
}

function* runAttempt(
  context: OrchestrationContext,
  cancellation: Cancellation,
  current: SubmitTaskInput,
  resumed: Watch | undefined,
): Step<AttemptResult> {
  let watch = resumed;
  if (watch === undefined) {
    const submitted = yield* submit(context, cancellation, current);
    if (submitted.status === "superseded") return { status: "ended", result: SUPERSEDED };
    if (submitted.status === "failed") return { ...submitted, submission: null, completed: null };
    watch = watchFromNowOn(submitted.submission);
    report(context, current.attempt, "waiting", { submission: watch.submission });
  }
  const { submission } = watch;
  const watched = yield* watchTask(context, cancellation, current.attempt, watch);
  if (watched.status === "paused") return watched;
  if (watched.status === "failed") return { ...watched, submission, completed: null };

  const { completed } = watched;
  report(context, current.attempt, "publishing", { submission });
  const published = yield* publishWhenCopied(context, cancellation, { ...current, submission, completed });
  if (published.status === "failed") return { ...published, submission, completed };
  if (published.status === "superseded") return { status: "ended", result: SUPERSEDED };
  return { status: "ended", result: { outcome: "succeeded", record: published.record } };
}

function* recordTheFailure(
  current: SubmitTaskInput,
  { failure, submission, completed }: FailedAttempt,
): Step<ConversionResult> {
  const recorded = yield* recordFailure({ ...current, failure, submission, completed }, patientRetry);
  if (recorded.status === "superseded") return SUPERSEDED;
  return { outcome: recorded.record.status, record: recorded.record };
}

function finish(context: OrchestrationContext, attempt: number, result: ConversionResult): ConversionResult {
  report(context, attempt, "finished");
  return result;
}

df.app.orchestration(CONVERT_BLOB, logged(convertBlob));
