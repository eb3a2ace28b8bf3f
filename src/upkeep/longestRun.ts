import type { Config } from "../config.ts";
import { MAX_ATTEMPTS } from "../model/failures.ts";
import { PATIENCE_SECONDS } from "../orchestrations/patience.ts";

const DAY_SECONDS = 24 * 3600;

/**
 * How long one run of a conversion may last: in all attempts both deadlines, and the patience before and after them, plus
 * a day for anything slow.
 */
export function longestRunSeconds({ waitingTimeoutMinutes, convertingTimeoutMinutes }: Config): number {
  const attemptSeconds = (waitingTimeoutMinutes + convertingTimeoutMinutes) * 60 + 2 * PATIENCE_SECONDS;
  return MAX_ATTEMPTS * attemptSeconds + DAY_SECONDS;
}
