import type { BlobPage, ListedBlob } from "../services.ts";

/** How many pages behind the newest one are kept, for neighbours in a slightly different order. */
const KEPT_PAGES = 3;

/** Finds blobs of a listing by names that are asked for in about the same order. */
export interface SortedLookup {
  /**
   * Reads on until the blob is found, or the listing has passed its name. False if it ought to read on, but may not: the
   * next call goes on.
   */
  readUpTo(name: string, mayRead: () => boolean): Promise<boolean>;
  /** Undefined if there is no such blob in the pages that are kept. */
  find(name: string): ListedBlob | undefined;
  /** Where a later lookup has to begin to know what this one knows: the oldest page that is kept. */
  readonly position: string | undefined;
}

/**
 * Reads the listing once and keeps only the last pages of it. A name that is asked for out of order by more than that is
 * not found although it is there. `from` is where the pages begin.
 */
export function createLookup(pages: AsyncIterable<BlobPage>, from?: string): SortedLookup {
  const iterator = pages[Symbol.asyncIterator]();
  const kept: { readonly from: string | undefined; readonly blobs: ReadonlyMap<string, ListedBlob> }[] = [];
  let next = from;
  let newest = "";
  let isExhausted = false;

  function find(name: string): ListedBlob | undefined {
    for (const { blobs } of kept) {
      const found = blobs.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async function readPage(): Promise<void> {
    const { done, value: page } = await iterator.next();
    if (done === true) {
      isExhausted = true;
      return;
    }
    const last = page.blobs.at(-1);
    if (last !== undefined) {
      newest = last.name;
      kept.push({ from: next, blobs: new Map(page.blobs.map((blob) => [blob.name, blob])) });
      if (kept.length > KEPT_PAGES) kept.shift();
    }
    next = page.next;
    isExhausted = next === undefined;
  }

  return {
    async readUpTo(name, mayRead) {
      while (!isExhausted && newest < name && find(name) === undefined) {
        if (!mayRead()) return false;
        await readPage();
      }
      return true;
    },
    find,
    get position() {
      return kept.length === 0 ? next : kept[0]?.from;
    },
  };
}
