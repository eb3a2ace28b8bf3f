import { startTelling } from "../activities/index.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import { isOutOfPatience, waitOut } from "./patience.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { Stage, Telling } from "./stage.ts";
import { settle } from "./transitions.ts";

/** Has the end told by an orchestration of its own, so that this one can end, and be run again, whoever is away. */
export function* haveTold(run: Run, stage: Telling): Step<Stage> {
  const { attempt, result } = stage;
  if (result.record === null) return settle(run, attempt, result);
  try {
    yield* startTelling({ record: result.record }, briefRetry);
    return settle(run, attempt, result);
  } catch (error) {
    const { reason, retryAfterSeconds } = readActivityError(error);
    if (isOutOfPatience(run, stage)) {
      if (!run.context.df.isReplaying) run.context.warn(`Nobody was told of the end of this conversion: ${reason}`);
      return settle(run, attempt, result);
    }
    yield* waitOut(run, stage, "finished", reason, null, retryAfterSeconds);
    return stage;
  }
}
