import type { Step } from "../durable.ts";
import type { AddedTask } from "../model/batchTask.ts";
import type { ConversionPhase } from "../model/conversion.ts";
import { addSeconds, parseTime, secondsBetween } from "../model/time.ts";
import { nextDelaySeconds } from "./polling.ts";
import type { Run } from "./run.ts";

/** How long the services may be down, or refuse us, before what can be given up is given up. */
export const PATIENCE_SECONDS = 4 * 3600;

/** A stage whose work did not get through. */
interface Waiting {
  readonly attempt: number;
  readonly since: string;
}

/**
 * Says why it waits, and waits, the longer the longer it has done so. Whatever a service refuses now, it may grant
 * later: nothing must be lost because it is down for a while, or a setting is wrong. `atLeastSeconds`: how long the
 * service wants to be left alone.
 */
export function* waitOut(
  run: Run,
  { attempt, since }: Waiting,
  phase: ConversionPhase,
  waitReason: string,
  submission: AddedTask | null,
  atLeastSeconds = 0,
): Step<void> {
  run.report(attempt, phase, { waitReason, submission });
  const now = run.context.df.currentUtcDateTime;
  const pauseSeconds = Math.max(atLeastSeconds, nextDelaySeconds(secondsBetween(parseTime(since), now)));
  yield* run.cancellation.sleepUntil(addSeconds(now, pauseSeconds));
}

export function isOutOfPatience(run: Run, { since }: Waiting): boolean {
  return run.context.df.currentUtcDateTime >= addSeconds(parseTime(since), PATIENCE_SECONDS);
}
