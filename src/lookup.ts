/** How many names behind the newest one asked for are kept: neighbours may be asked for in a slightly other order. */
const WINDOW = 10_000;

interface Named {
  readonly name: string;
}

/**
 * Finds items of a sorted listing by names that are asked for in about the same order, reading the listing once and
 * holding a window of it only. A name that the window does not hold is fetched, so the order is a matter of speed alone.
 */
export function createLookup<Found>(
  sorted: AsyncIterable<Found & Named>,
  fetch: (name: string) => Promise<Found | undefined>,
): (name: string) => Promise<Found | undefined> {
  const iterator = sorted[Symbol.asyncIterator]();
  const window = new Map<string, Found>();
  let newest = "";
  let isExhausted = false;

  async function readUpTo(name: string): Promise<void> {
    while (!isExhausted && newest < name) {
      const next = await iterator.next();
      if (next.done) {
        isExhausted = true;
        return;
      }
      newest = next.value.name;
      window.set(newest, next.value);
      const [oldest] = window.keys();
      if (window.size > WINDOW && oldest !== undefined) window.delete(oldest);
    }
  }

  return async (name) => {
    await readUpTo(name);
    return window.get(name) ?? fetch(name);
  };
}
