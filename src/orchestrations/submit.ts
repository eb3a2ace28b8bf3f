import { ensureBatch, submitTask } from "../activities/index.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { isOutOfPatience, waitOut } from "./patience.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { Stage, Submitting } from "./stage.ts";
import { SUPERSEDED, failForGood, settle, watchFor } from "./transitions.ts";

/** Makes sure that everything a task needs is there, and adds the task. */
export function* submit(run: Run, stage: Submitting): Step<Stage> {
  const { attempt, abandoned } = stage;
  const giveUp = (failure: Failure): Stage =>
    failForGood(run, attempt, { failure, submission: null, completed: null, abandoned });
  try {
    yield* ensureBatch({ attempt }, briefRetry);
    const submitted = yield* submitTask({ ...run.conversion, attempt, abandoned }, briefRetry);
    switch (submitted.status) {
      case "submitted":
        return watchFor(run, attempt, submitted.submission);
      case "superseded":
        return settle(run, attempt, SUPERSEDED);
      case "refused":
        return giveUp(submitted.failure);
      case "deleted":
        return giveUp(failureOf("InputMissing"));
    }
  } catch (error) {
    const { code, reason } = readActivityError(error);
    if (isOutOfPatience(run, stage)) return giveUp(failureOf(code, reason));
    yield* waitOut(run, stage, "preparing", reason, null);
  }
  return run.cancellation.isRequested() ? giveUp(failureOf("Cancelled")) : stage;
}
