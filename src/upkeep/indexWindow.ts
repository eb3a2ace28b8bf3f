import { ServiceError } from "../model/errors.ts";
import type { IndexEntry } from "../results/conversionIndex.ts";
import { INDEX_FOLDER, readEntry } from "../results/conversionIndex.ts";
import type { BlobPage, Services } from "../services.ts";

/** An entry as it was found, so that it can be corrected unless somebody else has changed it since. */
export interface FoundEntry {
  readonly name: string;
  readonly eTag: string;
  readonly entry: IndexEntry;
}

/** A part of the index, the newest entry first. */
export interface IndexWindow {
  readonly entries: readonly FoundEntry[];
  /** Where the index goes on; undefined at its end. */
  readonly next: string | undefined;
}

/** Reads the index of conversions, as much of it as a request may cost, and remembers it for a moment. */
export interface IndexReader {
  /** The newest entries, at most 20,000. */
  newest(): Promise<IndexWindow>;
  /** The 5,000 that follow the `next` of an earlier window. */
  following(next: string): Promise<IndexWindow>;
  /** Has the index read anew: what is remembered may lack what has just been changed. */
  forget(): void;
  /** Shows the entry like that, or no more, until it is read again. */
  correct(name: string, entry: IndexEntry | undefined): void;
}

interface ReaderOptions {
  /** Milliseconds of any clock that does not go back. */
  readonly now?: () => number;
  readonly headSize?: number;
  readonly pages?: number;
}

/** Who has more than these sees new uploads at once all the same: they are read more often than the rest. */
const HEAD_SIZE = 500;
const HEAD_AGE_MS = 1_000;
const PAGES = 4;

/** To read 20,000 entries takes the process a second, so it is done in one part in 20 of the time at most. */
const REST_FACTOR = 20;

interface Part {
  readonly found: Map<string, FoundEntry>;
  readonly next: string | undefined;
}

export function createIndexReader(
  services: Services,
  { now = () => performance.now(), headSize = HEAD_SIZE, pages = PAGES }: ReaderOptions = {},
): IndexReader {
  const head = shared(now, () => read(services, { pageSize: headSize }, 1));
  const all = shared(now, () => read(services, {}, pages));
  let shown: readonly Part[] = [];

  return {
    async newest() {
      const first = await head.get(HEAD_AGE_MS);
      shown = [first];
      if (first.next === undefined) return { entries: [...first.found.values()], next: undefined };
      const last = [...first.found.keys()].at(-1) ?? "";
      // What came in between the two readings must be in one of them.
      const overlaps = ({ found }: Part): boolean => (found.keys().next().value ?? "") <= last;
      const rest = await all.get(HEAD_AGE_MS, overlaps);
      shown = [first, rest];
      const older = [...rest.found.values()].filter(({ name }) => name > last);
      return { entries: [...first.found.values(), ...older], next: rest.next };
    },
    async following(next) {
      const { found, next: further } = await read(services, { from: next }, 1);
      return { entries: [...found.values()], next: further };
    },
    forget() {
      head.forget();
      all.forget();
    },
    correct(name, entry) {
      for (const { found } of shown) {
        const known = found.get(name);
        if (known === undefined) continue;
        if (entry === undefined) found.delete(name);
        else found.set(name, { ...known, entry });
      }
    },
  };
}

async function read(
  { blobs, config }: Services,
  options: { readonly from?: string; readonly pageSize?: number },
  pages: number,
): Promise<Part> {
  const found = new Map<string, FoundEntry>();
  let page: BlobPage | undefined;
  let count = 0;
  try {
    for await (page of blobs.list(config.containers.application, { prefix: INDEX_FOLDER, ...options })) {
      for (const { name, eTag, metadata } of page.blobs) {
        const entry = readEntry({ name, metadata });
        if (entry !== undefined) found.set(name, { name, eTag, entry });
      }
      if (++count === pages) break;
    }
  } catch (error) {
    // Nothing has been converted yet: the first conversion makes the container.
    if (!(error instanceof ServiceError && error.code === "ContainerNotFound")) throw error;
  }
  return { found, next: page?.next };
}

interface Shared {
  get(atLeastMs: number, isFit?: (part: Part) => boolean): Promise<Part>;
  forget(): void;
}

/**
 * Calls made at the same time share one reading. It is good for the given time, or for as many times longer than it took,
 * and only while it is `fit`.
 */
function shared(now: () => number, load: () => Promise<Part>): Shared {
  let current: Promise<Part> | undefined;
  let goodUntil = -Infinity;

  function begin(atLeastMs: number): Promise<Part> {
    const began = now();
    goodUntil = Infinity;
    const loading = load().then(
      (part) => {
        goodUntil = now() + Math.max(atLeastMs, REST_FACTOR * (now() - began));
        return part;
      },
      (error: unknown) => {
        goodUntil = -Infinity;
        throw error;
      },
    );
    return (current = loading);
  }

  return {
    async get(atLeastMs, isFit = () => true) {
      const tried = current === undefined || now() > goodUntil ? begin(atLeastMs) : current;
      const part = await tried;
      return isFit(part) || tried !== current ? part : begin(atLeastMs);
    },
    forget: () => void (current = undefined),
  };
}
