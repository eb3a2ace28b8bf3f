/** How many names behind the newest one asked for are kept, for neighbours in a slightly different order. */
const WINDOW = 10_000;

/**
 * Finds items of a sorted listing by names that are asked for in about the same order, reading the listing once and
 * keeping only a window of it. If the order is very different, it may miss an item that is there.
 */
export function createLookup<Item extends { readonly name: string }>(
  sorted: AsyncIterable<Item>,
): (name: string) => Promise<Item | undefined> {
  const iterator = sorted[Symbol.asyncIterator]();
  const window = new Map<string, Item>();
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
    return window.get(name);
  };
}
