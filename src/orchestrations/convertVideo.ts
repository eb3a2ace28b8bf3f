import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { publish, recordFailure } from "../activities/index.ts";
import type { Submission } from "../activities/submitTask.ts";
import type { CompletedTask, TaskRef } from "../model/batchTask.ts";
import type { BlobVersion, ConversionOutcome, ConversionRecord, Failure } from "../model/conversion.ts";
import type { Step } from "../durable.ts";
import { FAILURES, MAX_ATTEMPTS, codeOfExhaustedRetries, failureOf } from "../model/failures.ts";
import { addSeconds } from "../model/time.ts";
import type { Cancellation } from "./cancellation.ts";
import { createCancellation } from "./cancellation.ts";
import { logged } from "./logged.ts";
import { patientRetry, reasonOf } from "./retries.ts";
import { report } from "./status.ts";
import { submit } from "./submit.ts";
import type { Watch } from "./watchTask.ts";
import { watchFromNowOn, watchTask } from "./watchTask.ts";

/** The input of the orchestration. */
export interface ConversionInput {
  readonly source: BlobVersion;
  /** Above 1 when a failed conversion is run again: attempts are counted on, so that none uses the task of another. */
  readonly firstAttempt?: number;
  /** When the conversion was first started; absent at the first start. It tells older conversions from newer ones. */
  readonly startedAt?: string;
  /** Only there after continue-as-new. */
  readonly resumed?: { readonly attempt: number; readonly watch: Watch };
}

/** The output of the orchestration. */
export interface ConversionResult {
  readonly outcome: ConversionOutcome;
  /** Null when superseded: the record is that of the newer version. */
  readonly record: ConversionRecord | null;
}

export const CONVERT_VIDEO = "convertVideo";

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

interface Attempt {
  readonly conversionId: string;
  readonly source: BlobVersion;
  readonly startedAt: string;
  readonly attempt: number;
  /** The task of the attempt before, when it may still run. */
  readonly abandoned: TaskRef | null;
}

const COPY_POLL_SECONDS = 2;
const FIRST_PAUSE_SECONDS = 5;
const PAUSE_GROWTH = 4;

/**
 * Converts one version of one MP4. It is replayed from its history at every turn, so it decides only: no clock, no
 * randomness, no I/O but through activities and timers.
 */
export function* convertVideo(context: OrchestrationContext): Step<ConversionResult | undefined> {
  const input = context.df.getInput<ConversionInput>();
  const { source, firstAttempt = 1, startedAt = context.df.currentUtcDateTime.toISOString() } = input;
  const cancellation = createCancellation(context);
  let { attempt, watch } = input.resumed ?? { attempt: firstAttempt, watch: undefined };
  let abandoned: TaskRef | null = null;

  for (;;) {
    const current: Attempt = { conversionId: context.df.instanceId, source, startedAt, attempt, abandoned };
    const ended: AttemptResult = yield* runAttempt(context, cancellation, current, watch);
    if (ended.status === "paused") {
      context.df.continueAsNew({ source, firstAttempt, startedAt, resumed: { attempt, watch: ended.watch } });
      return undefined;
    }
    if (ended.status === "succeeded") return finish(context, attempt, { outcome: "succeeded", record: ended.record });
    if (ended.status === "superseded") return finish(context, attempt, { outcome: "superseded", record: null });

    const triesLeft = firstAttempt + MAX_ATTEMPTS - 1 - attempt;
    if (!FAILURES[ended.failure.code].isRetried || triesLeft <= 0) {
      return finish(context, attempt, yield* recordTheFailure(current, ended));
    }
    report(context, attempt, "preparing", { waitReason: `trying again after: ${ended.failure.message}` });
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
    report(context, current.attempt, "waiting");
  }
  const { submission } = watch;
  const watched = yield* watchTask(context, cancellation, current.attempt, watch);
  if (watched.status === "paused") return watched;
  if (watched.status === "failed") return failed(watched.failure, submission, null);

  report(context, current.attempt, "publishing");
  return yield* publishWhenCopied(context, current, submission, watched.completed);
}

function* publishWhenCopied(
  context: OrchestrationContext,
  current: Attempt,
  submission: Submission,
  completed: CompletedTask,
): Step<AttemptResult> {
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
        case "copying":
          yield context.df.createTimer(addSeconds(context.df.currentUtcDateTime, COPY_POLL_SECONDS));
      }
    }
  } catch (error) {
    const reason = reasonOf(error);
    return failed(failureOf(codeOfExhaustedRetries(reason), reason), submission, completed);
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

df.app.orchestration(CONVERT_VIDEO, logged(convertVideo));
