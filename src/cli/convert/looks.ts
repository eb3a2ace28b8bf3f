/** How many of the oldest are looked at each time: a queue ends in the order in which it began. */
const OLDEST = 2;

/** A conversion that has told nothing new for so long is looked at after a fiftieth of that. */
const PAUSE_GROWTH = 0.02;
const SLOWEST_MS = 10_000;

/**
 * Which of those that wait, in the order in which they began, to look at in the given round: the oldest, and one of the others
 * in turn. So a look costs the same however many they are.
 */
export function chosenForLook<Waiting>(waiting: readonly Waiting[], round: number): readonly Waiting[] {
  const others = waiting.slice(OLDEST);
  const inTurn = others[round % Math.max(1, others.length)];
  return [...waiting.slice(0, OLDEST), ...(inTurn === undefined ? [] : [inTurn])];
}

/** How long to wait after a look at so many, in milliseconds. */
export function pauseAfterLook(count: number, fastestMs: number, sinceNewsMs: number): number {
  return Math.min(SLOWEST_MS, Math.max(count * fastestMs, sinceNewsMs * PAUSE_GROWTH));
}
