import { ensureLayout, publish } from "../activities/index.ts";
import type { PublishOutput } from "../activities/publish.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { parseTime, secondsBetween } from "../model/time.ts";
import { isOutOfPatience, waitOut } from "./patience.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { FailedAttempt, Publishing, Stage } from "./stage.ts";
import { SUPERSEDED, failForGood, settle, tryAgainOrFail } from "./transitions.ts";

/** A copy within the account takes seconds. When Azure Storage cannot finish one, it keeps trying for two weeks. */
const COPY_PATIENCE_SECONDS = 3600;

/**
 * Publishes what the task has staged. The work is done, so while Azure Storage is still copying, or refuses, this is
 * repeated, and only this: another run of the task would meet the same refusal.
 */
export function* publishResult(run: Run, stage: Publishing): Step<Stage> {
  const { attempt, submission, completed } = stage;
  const giveUp = (failure: Failure): Stage => failForGood(run, attempt, failedBy(stage, failure));
  let isRepeated = false;
  try {
    if (stage.isRepeated) yield* ensureLayout({}, briefRetry);
    const published = yield* publish({ ...run.conversion, attempt, submission, completed }, briefRetry);
    if (published.status !== "copying") return yield* concludeWith(run, stage, published);
    if (secondsSince(run, stage) >= COPY_PATIENCE_SECONDS) return giveUp(failureOf("CopyTimedOut"));
    yield* waitOut(run, stage, "publishing", "Azure Storage is still copying the result", submission);
  } catch (error) {
    const { code, reason, retryAfterSeconds } = readActivityError(error);
    if (isOutOfPatience(run, stage)) return giveUp(failureOf(code, reason));
    yield* waitOut(run, stage, "publishing", reason, submission, retryAfterSeconds);
    isRepeated = true;
  }
  return run.cancellation.isRequested() ? giveUp(failureOf("Cancelled")) : { ...stage, isRepeated };
}

/** What comes after something else than a copy that goes on. */
export function* concludeWith(
  run: Run,
  attempt: AttemptDone,
  published: Exclude<PublishOutput, { status: "copying" }>,
): Step<Stage> {
  switch (published.status) {
    case "published":
      return settle(run, attempt.attempt, { outcome: "succeeded", record: published.record }, published);
    case "superseded":
      return settle(run, attempt.attempt, SUPERSEDED);
    case "rejected":
      return yield* tryAgainOrFail(run, attempt.attempt, failedBy(attempt, published.failure));
  }
}

type AttemptDone = Pick<Publishing, "attempt" | "submission"> & Pick<FailedAttempt, "completed">;

function failedBy({ submission, completed }: AttemptDone, failure: Failure): FailedAttempt {
  return { failure, submission, completed, abandoned: null };
}

function secondsSince({ context }: Run, { since }: Publishing): number {
  return secondsBetween(parseTime(since), context.df.currentUtcDateTime);
}
