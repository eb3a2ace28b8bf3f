import type { Config } from "../config.ts";
import { MAX_ATTEMPTS } from "../model/failures.ts";
import { PATIENCE_SECONDS } from "../orchestrations/patience.ts";

const DAY_SECONDS = 24 * 3600;

/** Where nothing bounds how long a queue may stand still. */
const LONG_STANDSTILL_MINUTES = 30 * 24 * 60;

/**
 * How long one run of a conversion lasts at most while its queue stands still: in all attempts, it may be refused a task
 * and then a node for so long, plus the time to convert, the patience afterwards, and a day for anything slow. While the
 * queue moves, a run may last longer.
 */
export function longestRunSeconds({ waitingTimeoutMinutes, convertingTimeoutMinutes }: Config): number {
  const standstillMinutes = waitingTimeoutMinutes || LONG_STANDSTILL_MINUTES;
  const attemptSeconds = (2 * standstillMinutes + convertingTimeoutMinutes) * 60 + PATIENCE_SECONDS;
  return MAX_ATTEMPTS * attemptSeconds + DAY_SECONDS;
}
