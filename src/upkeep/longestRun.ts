import type { Config } from "../config.ts";
import { MAX_ATTEMPTS } from "../model/failures.ts";

const DAY_SECONDS = 24 * 3600;

/** How long one run of a conversion may last: both deadlines of all attempts, plus a day for anything slow. */
export function longestRunSeconds({ waitingTimeoutMinutes, convertingTimeoutMinutes }: Config): number {
  return MAX_ATTEMPTS * (waitingTimeoutMinutes + convertingTimeoutMinutes) * 60 + DAY_SECONDS;
}
