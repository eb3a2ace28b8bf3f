import type { Step } from "../durable.ts";
import type { AddedTask } from "../model/batchTask.ts";
import type { ConversionPhase } from "../model/conversion.ts";
import { addSeconds, parseTime, secondsBetween } from "../model/time.ts";
import { nextDelaySeconds } from "./polling.ts";
import type { Run } from "./run.ts";

/** How long the services may be down, or refuse us, before what a task has made or left behind is given up. */
export const PATIENCE_SECONDS = 4 * 3600;

/** A stage whose work did not get through. */
interface Waiting {
  readonly attempt: number;
  readonly since: string;
  /** Since when the conversion has been waiting, if that is longer. */
  readonly waitingSince?: string | undefined;
}

/**
 * Says why it waits, and waits, the longer the longer it has done so. Whatever a service refuses now, it may grant
 * later: nothing must be lost because it is down for a while, or a setting is wrong. `atLeastSeconds`: how long the
 * service wants to be left alone.
 */
export function* waitOut(
  run: Run,
  { attempt, since, waitingSince = since }: Waiting,
  phase: ConversionPhase,
  waitReason: string,
  submission: AddedTask | null,
  atLeastSeconds = 0,
): Step<void> {
  run.report(attempt, phase, { waitReason, waitingSince, submission });
  const now = run.context.df.currentUtcDateTime;
  const pauseSeconds = Math.max(atLeastSeconds, nextDelaySeconds(secondsBetween(parseTime(since), now)));
  yield* run.cancellation.sleepUntil(addSeconds(now, pauseSeconds));
}

/** `limitSeconds` is null where there is no limit. */
export function isOutOfPatience(run: Run, { since }: Waiting, limitSeconds: number | null = PATIENCE_SECONDS): boolean {
  return limitSeconds !== null && run.context.df.currentUtcDateTime >= addSeconds(parseTime(since), limitSeconds);
}
