import { ensureLayout, recordFailure } from "../activities/index.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import { waitOut } from "./patience.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { FailedAttempt, Leftovers, Recording, Stage } from "./stage.ts";
import { SUPERSEDED, cancelled, settle } from "./transitions.ts";

/**
 * Writes the record of a failure or a cancellation. This is never given up: an orchestration that ended without its
 * record would be started again, and what somebody has cancelled would run after all. Who cancels while it waits still
 * gets a record that says so.
 */
export function* recordEnd(run: Run, stage: Recording): Step<Stage> {
  const { attempt, failed, isRepeated } = stage;
  const { failure, submission, completed } = failed;
  try {
    if (isRepeated) yield* ensureLayout({}, briefRetry);
    const recorded = yield* recordFailure({ ...run.conversion, attempt, failure, submission, completed }, briefRetry);
    const leftovers = leftoversOf(attempt, failed);
    if (recorded.status === "superseded") return settle(run, attempt, SUPERSEDED, { leftovers });
    const { record, isToBeTold } = recorded;
    return settle(run, attempt, { outcome: record.status, record }, { leftovers, isToBeTold });
  } catch (error) {
    const { reason, retryAfterSeconds } = readActivityError(error);
    const waitReason = `The record cannot be written yet (${failure.message}): ${reason}`;
    yield* waitOut(run, stage, "publishing", waitReason, submission, retryAfterSeconds);
  }
  return { ...stage, isRepeated: true, failed: run.cancellation.isRequested() ? cancelled(failed) : failed };
}

function leftoversOf(attempt: number, failed: FailedAttempt): Leftovers {
  const { submission, completed, abandoned, suspectedRenewal } = failed;
  const own = submission !== null && completed === null ? [submission.task] : [];
  const older = abandoned === null ? [] : [abandoned];
  const isSuspected = submission === null || suspectedRenewal !== undefined;
  return { tasks: [...own, ...older], suspectedAttempt: isSuspected ? attempt : null, suspectedRenewal };
}
