import { parseTime, secondsBetween } from "../model/time.ts";

/** How many nodes are repaired at a time. */
const AT_ONCE = 3;
/** How many are repaired in a day before it gets slow: then repairs do not help. */
const QUICK_PER_DAY = 10;
const SLOW_PAUSE_SECONDS = 3600;
const DAY_SECONDS = 86_400;

/**
 * How many nodes may be repaired now. A start task that fails everywhere, or a network without a way out, breaks each new
 * node as well. One repair an hour is then enough to notice that somebody has mended the cause.
 */
export function repairsAllowed(repairs: readonly string[], now: Date): number {
  const left = QUICK_PER_DAY - repairsInADay(repairs, now);
  if (left > 0) return Math.min(AT_ONCE, left);
  const newest = repairs.at(-1);
  return newest === undefined || secondsBetween(parseTime(newest), now) >= SLOW_PAUSE_SECONDS ? 1 : 0;
}

/** Whether repairs have become slow. */
export function repairsDoNotHelp(repairs: readonly string[], now: Date): boolean {
  return repairsInADay(repairs, now) >= QUICK_PER_DAY;
}

function repairsInADay(repairs: readonly string[], now: Date): number {
  return repairs.filter((time) => secondsBetween(parseTime(time), now) < DAY_SECONDS).length;
}
