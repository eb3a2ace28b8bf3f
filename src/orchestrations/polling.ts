/** How the pauses between looks grow: with the time waited, so the number of looks grows with its logarithm. */
interface Pace {
  readonly growth: number;
  readonly maxSeconds: number;
}

const FIRST_DELAY_SECONDS = 1;

/** While a service is down or refuses us, nothing but another try tells that it is back: a quarter of the time waited. */
const BLIND: Pace = { growth: 0.25, maxSeconds: 300 };

/** The end of a task is announced. Looks are for what is not, and for an announcement that was lost. */
const WOKEN: Pace = { growth: 0.5, maxSeconds: 900 };

/** How long to wait before the next try of something that has been refused for `elapsedSeconds`. */
export function nextDelaySeconds(elapsedSeconds: number): number {
  return delaySeconds(elapsedSeconds, BLIND);
}

/** How long to wait before the next look at a task that has been waiting or running for `elapsedSeconds`. */
export function nextLookSeconds(elapsedSeconds: number): number {
  return delaySeconds(elapsedSeconds, WOKEN);
}

function delaySeconds(elapsedSeconds: number, { growth, maxSeconds }: Pace): number {
  return Math.min(maxSeconds, Math.max(FIRST_DELAY_SECONDS, elapsedSeconds * growth));
}
