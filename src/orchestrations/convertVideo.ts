import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import { ensureBatch, publish, recordFailure, submitTask } from "../activities/index.ts";
import type { Submission } from "../activities/submitTask.ts";
import type { BlobVersion, ConversionOutcome, ConversionRecord, Failure } from "../conversion.ts";
import type { Step } from "../durable.ts";
import type { CompletedTask } from "../batchTask.ts";
import { addSeconds } from "../time.ts";
import { inputMissing } from "../verdict.ts";
import { patientRetry, reasonOf } from "./retries.ts";
import { report } from "./status.ts";
import type { Watch } from "./watchTask.ts";
import { watchTask } from "./watchTask.ts";

/** The input of the orchestration. What is beyond `source` is only there after continue-as-new. */
export interface ConversionInput {
  readonly source: BlobVersion;
  readonly resumed?: { readonly startedAt: string; readonly attempt: number; readonly watch: Watch };
}

/** The output of the orchestration. */
export interface ConversionResult {
  readonly outcome: ConversionOutcome;
  /** Null when superseded: the record is that of the newer version. */
  readonly record: ConversionRecord | null;
}

/** How one attempt ended: for good, or with a failure that another attempt may mend. */
type AttemptResult =
  | { readonly status: "ended"; readonly result: ConversionResult }
  | { readonly status: "paused"; readonly watch: Watch }
  | {
      readonly status: "failed";
      readonly failure: Failure;
      readonly isRetriable: boolean;
      readonly submission: Submission | null;
      readonly completed: CompletedTask | null;
    };

interface Attempt {
  readonly conversionId: string;
  readonly source: BlobVersion;
  readonly startedAt: string;
  readonly attempt: number;
}

export const CONVERT_VIDEO = "convertVideo";

const MAX_ATTEMPTS = 3;
const COPY_POLL_SECONDS = 2;
const SUPERSEDED: AttemptResult = { status: "ended", result: { outcome: "superseded", record: null } };

/**
 * Converts one version of one MP4. It is replayed from its history at every turn, so it decides only: no clock, no
 * randomness, no I/O but through activities and timers.
 */
export function* convertVideo(context: OrchestrationContext): Step<ConversionResult | undefined> {
  const { source, resumed } = context.df.getInput<ConversionInput>();
  const startedAt = resumed?.startedAt ?? context.df.currentUtcDateTime.toISOString();
  let watch = resumed?.watch;

  for (let attempt = resumed?.attempt ?? 1; ; attempt++) {
    const current = { conversionId: context.df.instanceId, source, startedAt, attempt };
    const ended = yield* runAttempt(context, current, watch);
    watch = undefined;

    if (ended.status === "paused") {
      const next: ConversionInput = { source, resumed: { startedAt, attempt, watch: ended.watch } };
      context.df.continueAsNew(next);
      return undefined;
    }
    if (ended.status === "ended") {
      report(context, attempt, "finished");
      return ended.result;
    }
    if (!ended.isRetriable || attempt >= MAX_ATTEMPTS) {
      const { failure, submission, completed } = ended;
      const recorded = yield* recordFailure({ ...current, failure, submission, completed }, patientRetry);
      report(context, attempt, "finished");
      return recorded.status === "recorded"
        ? { outcome: "failed", record: recorded.record }
        : { outcome: "superseded", record: null };
    }
    report(context, attempt, "preparing", { waitReason: `trying again after: ${ended.failure.message}` });
    yield context.df.createTimer(addSeconds(context.df.currentUtcDateTime, 5 * 4 ** (attempt - 1)));
  }
}

function* runAttempt(context: OrchestrationContext, current: Attempt, resumed: Watch | undefined): Step<AttemptResult> {
  let submission: Submission | null = resumed?.submission ?? null;
  try {
    if (submission === null) {
      report(context, current.attempt, "preparing");
      yield* ensureBatch({ attempt: current.attempt }, patientRetry);
      const submitted = yield* submitTask(current, patientRetry);
      if (submitted.status === "superseded") return SUPERSEDED;
      if (submitted.status === "deleted") return failed(inputMissing(), false, null, null);
      submission = submitted.submission;
      report(context, current.attempt, "waiting");
    }
    const watched = yield* watchTask(
      context,
      current.attempt,
      resumed ?? { submission, convertingSince: null, waitReason: null },
    );
    if (watched.status === "paused") return watched;
    if (watched.status === "failed") return failed(watched.failure, watched.isRetriable, submission, null);

    report(context, current.attempt, "publishing");
    return yield* publishWhenCopied(context, current, submission, watched.completed);
  } catch (error) {
    return failed(gaveUp(error), false, submission, null);
  }
}

function* publishWhenCopied(
  context: OrchestrationContext,
  current: Attempt,
  submission: Submission,
  completed: CompletedTask,
): Step<AttemptResult> {
  for (;;) {
    const published = yield* publish({ ...current, submission, completed }, patientRetry);
    switch (published.status) {
      case "published":
        return { status: "ended", result: { outcome: "succeeded", record: published.record } };
      case "superseded":
        return SUPERSEDED;
      case "rejected":
        return failed(published.failure, published.isRetriable, submission, completed);
      case "copying":
        yield context.df.createTimer(addSeconds(context.df.currentUtcDateTime, COPY_POLL_SECONDS));
    }
  }
}

function failed(
  failure: Failure,
  isRetriable: boolean,
  submission: Submission | null,
  completed: CompletedTask | null,
): AttemptResult {
  return { status: "failed", failure, isRetriable, submission, completed };
}

/** An activity has failed for as long as we were ready to wait. */
function gaveUp(error: unknown): Failure {
  return {
    code: "PlatformFailure",
    message: reasonOf(error),
    hint: "A service the conversion needs kept failing. When it works again, upload the video again.",
  };
}

df.app.orchestration(CONVERT_VIDEO, convertVideo);
