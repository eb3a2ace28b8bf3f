/** One part of a pattern: stands for exactly one item or, if `isMany`, for any number of them. */
export interface Step<Item> {
  readonly isMany: boolean;
  accepts(item: Item): boolean;
}

/**
 * Whether the steps stand for all of the items. Follows all ways to read the pattern at once, so the time is at most the
 * number of steps times that of items; trying one way after the other takes for ever on patterns such as `*a*a*a*a*b`.
 */
export function matchesSteps<Item>(steps: readonly Step<Item>[], items: Iterable<Item>): boolean {
  /** The steps that may come next; in order, so that each is looked at once. */
  let next = reachedFrom(steps, [0]);
  for (const item of items) {
    const after = next.flatMap((at) => {
      const step = steps[at];
      if (step?.accepts(item) !== true) return [];
      return step.isMany ? [at] : [at + 1];
    });
    if (after.length === 0) return false;
    next = reachedFrom(steps, after);
  }
  return next.includes(steps.length);
}

/** Adds what can be reached without an item, since a step of many may also stand for none. */
function reachedFrom(steps: readonly Step<never>[], starts: readonly number[]): number[] {
  const reached: number[] = [];
  let last = -1;
  for (const start of starts) {
    let at = start;
    while (at > last) {
      reached.push(at);
      last = at;
      if (steps[at]?.isMany === true) at++;
    }
  }
  return reached;
}
