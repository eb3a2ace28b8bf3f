import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { ensureBatch, publish, recordFailure, submitTask } from "../activities/index.ts";
import type { Submission } from "../activities/submitTask.ts";
import type { CompletedTask } from "../batchTask.ts";
import type { BlobVersion, ConversionOutcome, ConversionRecord, Failure } from "../conversion.ts";
import type { Step } from "../durable.ts";
import { FAILURES, MAX_ATTEMPTS, codeOfExhaustedRetries, failureOf } from "../failures.ts";
import { addSeconds } from "../time.ts";
import { patientRetry, reasonOf } from "./retries.ts";
import { report } from "./status.ts";
import type { Watch } from "./watchTask.ts";
import { watchTask } from "./watchTask.ts";

/** The input of the orchestration. */
export interface ConversionInput {
  readonly source: BlobVersion;
  /** Above 1 when a failed conversion is run again: attempts are counted on, so that none uses the task of another. */
  readonly firstAttempt?: number;
  /** Only there after continue-as-new. */
  readonly resumed?: { readonly startedAt: string; readonly attempt: number; readonly watch: Watch };
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
}

const COPY_POLL_SECONDS = 2;
const FIRST_PAUSE_SECONDS = 5;
const PAUSE_GROWTH = 4;

/**
 * Converts one version of one MP4. It is replayed from its history at every turn, so it decides only: no clock, no
 * randomness, no I/O but through activities and timers.
 */
export function* convertVideo(context: OrchestrationContext): Step<ConversionResult | undefined> {
  const { source, firstAttempt = 1, resumed } = context.df.getInput<ConversionInput>();
  const startedAt = resumed?.startedAt ?? context.df.currentUtcDateTime.toISOString();
  let watch = resumed?.watch;

  for (let attempt = resumed?.attempt ?? firstAttempt; ; attempt++) {
    const current = { conversionId: context.df.instanceId, source, startedAt, attempt };
    const ended = yield* runAttempt(context, current, watch);
    watch = undefined;
    switch (ended.status) {
      case "paused":
        context.df.continueAsNew({ source, firstAttempt, resumed: { startedAt, attempt, watch: ended.watch } });
        return undefined;
      case "succeeded":
        return finish(context, attempt, { outcome: "succeeded", record: ended.record });
      case "superseded":
        return finish(context, attempt, { outcome: "superseded", record: null });
      case "failed": {
        const triesLeft = firstAttempt + MAX_ATTEMPTS - 1 - attempt;
        if (!FAILURES[ended.failure.code].isRetried || triesLeft <= 0) {
          return finish(context, attempt, yield* recordTheFailure(current, ended));
        }
        report(context, attempt, "preparing", { waitReason: `trying again after: ${ended.failure.message}` });
        const pauseSeconds = FIRST_PAUSE_SECONDS * PAUSE_GROWTH ** (attempt - firstAttempt);
        yield context.df.createTimer(addSeconds(context.df.currentUtcDateTime, pauseSeconds));
      }
    }
  }
}

function* runAttempt(context: OrchestrationContext, current: Attempt, resumed: Watch | undefined): Step<AttemptResult> {
  let submission = resumed?.submission ?? null;
  try {
    if (submission === null) {
      report(context, current.attempt, "preparing");
      yield* ensureBatch({ attempt: current.attempt }, patientRetry);
      const submitted = yield* submitTask(current, patientRetry);
      if (submitted.status === "superseded") return { status: "superseded" };
      if (submitted.status === "deleted") return failed(failureOf("InputMissing"), { submission, completed: null });
      submission = submitted.submission;
      report(context, current.attempt, "waiting");
    }
    const start = resumed ?? { submission, convertingSince: null, waitReason: null };
    const watched = yield* watchTask(context, current.attempt, start);
    if (watched.status === "paused") return watched;
    if (watched.status === "failed") return failed(watched.failure, { submission, completed: null });

    report(context, current.attempt, "publishing");
    return yield* publishWhenCopied(context, current, { submission, completed: watched.completed });
  } catch (error) {
    const reason = reasonOf(error);
    return failed(failureOf(codeOfExhaustedRetries(reason), reason), { submission, completed: null });
  }
}

function* publishWhenCopied(
  context: OrchestrationContext,
  current: Attempt,
  traces: { readonly submission: Submission; readonly completed: CompletedTask },
): Step<AttemptResult> {
  for (;;) {
    const published = yield* publish({ ...current, ...traces }, patientRetry);
    switch (published.status) {
      case "published":
        return { status: "succeeded", record: published.record };
      case "superseded":
        return { status: "superseded" };
      case "rejected":
        return failed(published.failure, traces);
      case "copying":
        yield context.df.createTimer(addSeconds(context.df.currentUtcDateTime, COPY_POLL_SECONDS));
    }
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

function failed(failure: Failure, traces: Traces): AttemptResult {
  return { status: "failed", failure, ...traces };
}

function finish(context: OrchestrationContext, attempt: number, result: ConversionResult): ConversionResult {
  report(context, attempt, "finished");
  return result;
}

df.app.orchestration(CONVERT_VIDEO, convertVideo);
