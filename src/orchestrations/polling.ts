/** How the pauses between looks grow: with the time waited, so the number of looks grows with its logarithm. */
interface Pace {
  readonly firstSeconds: number;
  readonly growth: number;
  readonly maxSeconds: number;
}

/** While a service is down or refuses us, nothing but another try tells that it is back: a quarter of the time waited. */
const BLIND: Pace = { firstSeconds: 1, growth: 0.25, maxSeconds: 300 };

/**
 * The end of a task is announced. Looks are for what is not, and for an announcement that was lost. The first one comes when
 * most short tasks are over.
 */
const WOKEN: Pace = { firstSeconds: 5, growth: 0.5, maxSeconds: 900 };

/**
 * Who waits behind others is told since when and why. That may be half a minute old, so the looks of the first minutes, which
 * every task of a long queue comes to, are few.
 */
const QUEUED: Pace = { firstSeconds: 5, growth: 2, maxSeconds: 30 };

/** The report that announces the end is the last file that a task uploads. Batch calls it completed a moment after that. */
const ENDING: Pace = { firstSeconds: 0.2, growth: 1, maxSeconds: 900 };
const MOMENT_SECONDS = 2;

/** How long to wait before the next try of something that has been refused for `elapsedSeconds`. */
export function nextDelaySeconds(elapsedSeconds: number): number {
  return delaySeconds(elapsedSeconds, BLIND);
}

/** How long to wait before the next look at a task whose end was announced `elapsedSeconds` ago, and has not been seen. */
export function nextLookAtEndSeconds(elapsedSeconds: number): number {
  return delaySeconds(elapsedSeconds, elapsedSeconds < MOMENT_SECONDS ? ENDING : WOKEN);
}

/** How long to wait before the next look at a task that has been waiting behind others for `elapsedSeconds`. */
export function nextLookInQueueSeconds(elapsedSeconds: number): number {
  return Math.max(delaySeconds(elapsedSeconds, QUEUED), delaySeconds(elapsedSeconds, WOKEN));
}

/** How long to wait before the next look at a task that runs, or may begin any moment, and has done so for `elapsedSeconds`. */
export function nextLookSeconds(elapsedSeconds: number): number {
  return delaySeconds(elapsedSeconds, WOKEN);
}

function delaySeconds(elapsedSeconds: number, { firstSeconds, growth, maxSeconds }: Pace): number {
  return Math.min(maxSeconds, Math.max(firstSeconds, elapsedSeconds * growth));
}
