import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { publish, recordFailure } from "../activities/index.ts";
import type { CompletedTask, Submission, TaskRef } from "../model/batchTask.ts";
import type { Conversion, ConversionRecord, Failure } from "../model/conversion.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import { MAX_ATTEMPTS, failureOf, isRetried } from "../model/failures.ts";
import { addSeconds, secondsBetween } from "../model/time.ts";
import type { Cancellation } from "./cancellation.ts";
import { createCancellation } from "./cancellation.ts";
import type { ConversionInput, ConversionResult } from "./contract.ts";
import { CONVERT_BLOB } from "./contract.ts";
import { logged } from "./logged.ts";
import { nextDelaySeconds } from "./polling.ts";
import { patientRetry } from "./retries.ts";
import { report } from "./status.ts";
import { submit } from "./submit.ts";
import type { Watch } from "./watchTask.ts";
import { watchFromNowOn, watchTask } from "./watchTask.ts";

/** How one attempt ended. */
type AttemptResult =
  | { readonly status: "succeeded"; readonly record: ConversionRecord }
  | { readonly status: "superseded" }
  | { readonly status: "paused"; readonly watch: Watch }
  | ({ readonly status: "failed"; readonly failure: Failure } & Traces);

/** What a failed attempt has left to look into. */
interface Traces {
  readonly submission: Submission | null;
  readonly completed: CompletedTask | null;
}

interface Attempt extends Conversion {
  readonly conversionId: string;
  readonly startedAt: string;
  readonly attempt: number;
  /** The task of the attempt before, when it may still run. */
  readonly abandoned: TaskRef | null;
}

/** A copy within the account takes seconds; Azure Storage keeps trying for two weeks when it cannot. */
const COPY_PATIENCE_SECONDS = 3600;
const FIRST_PAUSE_SECONDS = 5;
const PAUSE_GROWTH = 4;

/**
 * Does one kind of work for one version of one blob. It is replayed from its history at every turn, so it decides only: no clock, no
 * randomness, no I/O but through activities and timers.
 */
export function* convertBlob(context: OrchestrationContext): Step<ConversionResult | undefined> {
  const input = context.df.getInput<ConversionInput>();
  const { workload, source, firstAttempt = 1, startedAt = context.df.currentUtcDateTime.toISOString() } = input;
  const cancellation = createCancellation(context);
  let { attempt, watch } = input.resumed ?? { attempt: firstAttempt, watch: undefined };
  let abandoned: TaskRef | null = null;

  for (;;) {
    const conversionId = context.df.instanceId;
    const current: Attempt = { conversionId, workload, source, startedAt, attempt, abandoned };
    const ended: AttemptResult = yield* runAttempt(context, cancellation, current, watch);
    if (ended.status === "paused") {
      context.df.continueAsNew({ workload, source, firstAttempt, startedAt, resumed: { attempt, watch: ended.watch } });
      return undefined;
    }
    if (ended.status === "succeeded") return finish(context, attempt, { outcome: "succeeded", record: ended.record });
    if (ended.status === "superseded") return finish(context, attempt, { outcome: "superseded", record: null });

    const triesLeft = firstAttempt + MAX_ATTEMPTS - 1 - attempt;
    if (!isRetried(ended.failure) || triesLeft <= 0) {
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
  current: Attempt,
  resumed: Watch | undefined,
): Step<AttemptResult> {
  let watch = resumed;
  if (watch === undefined) {
    const submitted = yield* submit(context, cancellation, current);
    if (submitted.status === "superseded") return submitted;
    if (submitted.status === "failed") return failed(submitted.failure, null, null);
    watch = watchFromNowOn(submitted.submission);
    report(context, current.attempt, "waiting", { submission: watch.submission });
  }
  const { submission } = watch;
  const watched = yield* watchTask(context, cancellation, current.attempt, watch);
  if (watched.status === "paused") return watched;
  if (watched.status === "failed") return failed(watched.failure, submission, null);

  report(context, current.attempt, "publishing", { submission });
  return yield* publishWhenCopied(context, current, submission, watched.completed);
}

function* publishWhenCopied(
  context: OrchestrationContext,
  current: Attempt,
  submission: Submission,
  completed: CompletedTask,
): Step<AttemptResult> {
  const begun = context.df.currentUtcDateTime;
  try {
    for (;;) {
      const published = yield* publish({ ...current, submission, completed }, patientRetry);
      switch (published.status) {
        case "published":
          return { status: "succeeded", record: published.record };
        case "superseded":
          return { status: "superseded" };
        case "rejected":
          return failed(published.failure, submission, completed);
        case "copying": {
          const now = context.df.currentUtcDateTime;
          const copyingSeconds = secondsBetween(begun, now);
          if (copyingSeconds >= COPY_PATIENCE_SECONDS) return failed(failureOf("CopyTimedOut"), submission, completed);
          yield context.df.createTimer(addSeconds(now, nextDelaySeconds(copyingSeconds)));
        }
      }
    }
  } catch (error) {
    const { code, reason } = readActivityError(error);
    return failed(failureOf(code, reason), submission, completed);
  }
}

function* recordTheFailure(
  current: Attempt,
  { failure, submission, completed }: Traces & { failure: Failure },
): Step<ConversionResult> {
  const recorded = yield* recordFailure({ ...current, failure, submission, completed }, patientRetry);
  return recorded.status === "superseded"
    ? { outcome: "superseded", record: null }
    : { outcome: recorded.record.status, record: recorded.record };
}

function failed(failure: Failure, submission: Submission | null, completed: CompletedTask | null): AttemptResult {
  return { status: "failed", failure, submission, completed };
}

function finish(context: OrchestrationContext, attempt: number, result: ConversionResult): ConversionResult {
  report(context, attempt, "finished");
  return result;
}

df.app.orchestration(CONVERT_BLOB, logged(convertBlob));
