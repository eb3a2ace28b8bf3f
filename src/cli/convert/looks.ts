/** How many of the oldest are looked at each time: a queue ends in the order in which it began. */
const OLDEST = 2;

/** A conversion that has told nothing new for so long is looked at after a fiftieth of that. */
const PAUSE_GROWTH = 0.02;
const SLOWEST_MS = 10_000;

/** Looks may take a fifth of the time: a machine that is slow to answer is busy with the conversions. */
const PAUSE_PER_LOOK = 4;

/**
 * Which of those that wait, in the order in which they began, to look at in the given round: the oldest, and one of the others
 * in turn. So a look costs the same however many they are.
 */
export function chosenForLook<Waiting>(waiting: readonly Waiting[], round: number): readonly Waiting[] {
  const others = waiting.slice(OLDEST);
  const inTurn = others[round % Math.max(1, others.length)];
  return [...waiting.slice(0, OLDEST), ...(inTurn === undefined ? [] : [inTurn])];
}

/** Between looks on which nothing but what is shown depends, because the end is told: as often as people read it. */
const UNHURRIED_MS = 1_000;

/** How long to wait between two looks at a single conversion, in milliseconds, where its end will be told. */
export function unhurried(fastestMs: number): number {
  return Math.max(fastestMs, UNHURRIED_MS);
}

export interface Look {
  /** At how many conversions. */
  readonly count: number;
  readonly tookMs: number;
}

/** How long to wait after a look, in milliseconds. */
export function pauseAfterLook({ count, tookMs }: Look, fastestMs: number, sinceNewsMs: number): number {
  return Math.min(SLOWEST_MS, Math.max(count * fastestMs, tookMs * PAUSE_PER_LOOK, sinceNewsMs * PAUSE_GROWTH));
}
