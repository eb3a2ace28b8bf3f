import { endTasks } from "../activities/index.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import { isOutOfPatience, waitOut } from "./patience.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { Ending, Stage } from "./stage.ts";
import { settle } from "./transitions.ts";

/** Ends the tasks that may still be running. When Batch is away for hours, it ends them itself at their time limit. */
export function* endLeftovers(run: Run, stage: Ending): Step<Stage> {
  const { attempt, result, leftovers, isToBeTold } = stage;
  try {
    yield* endTasks({ conversionId: run.conversion.conversionId, ...leftovers }, briefRetry);
    return settle(run, attempt, result, { isToBeTold });
  } catch (error) {
    if (isOutOfPatience(run, stage)) return settle(run, attempt, result, { isToBeTold });
    const { reason, retryAfterSeconds } = readActivityError(error);
    yield* waitOut(run, stage, "finished", reason, null, retryAfterSeconds);
    return stage;
  }
}
