const FIRST_DELAY_SECONDS = 1;
const MAX_DELAY_SECONDS = 300;
/** Of the time waited so far: a poll comes at most a quarter too late, and the number of polls grows with log(time). */
const GROWTH = 0.25;

/** How long to wait before the next look at something that has been going on for `elapsedSeconds`. */
export function nextDelaySeconds(elapsedSeconds: number): number {
  return Math.min(MAX_DELAY_SECONDS, Math.max(FIRST_DELAY_SECONDS, elapsedSeconds * GROWTH));
}
