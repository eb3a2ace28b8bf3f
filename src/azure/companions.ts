import type { BlobAddress, BlobStore, CompanionFinder } from "../services.ts";
import type { Companion } from "../workloads/workload.ts";

/** In a queue of many, one look at their folder does for all; a cover that comes a minute after a video is too late. */
const MAX_AGE_MS = 30_000;
/** Storage gives the time of a version in whole seconds, and its clock may differ from ours. */
const CLOCK_MARGIN_MS = 2_000;
const MAX_REMEMBERED = 1_000;
const MAX_LOOKED_AT = 100;

interface Look {
  readonly at: number;
  readonly found: Promise<BlobAddress | undefined>;
}

/**
 * One request for a look, however large the folder. Whoever asks first looks at once, beside other requests about the blob:
 * the look comes after the upload anyway. What an earlier look has seen counts for blobs that were there by then.
 */
export function createCompanionFinder(blobs: BlobStore, now: () => Date): CompanionFinder {
  const looks = new Map<string, Look>();

  function look(container: string, prefix: string, companion: Companion): Promise<BlobAddress | undefined> {
    const found = search(blobs, container, prefix, companion);
    if (looks.size >= MAX_REMEMBERED) looks.clear();
    const key = keyOf(container, prefix);
    const own = { at: now().getTime(), found };
    looks.set(key, own);
    found.catch(() => {
      if (looks.get(key) === own) looks.delete(key);
    });
    return found;
  }

  return {
    async find({ container, name }, companion, uploadedAt, { isFresh } = { isFresh: false }) {
      const prefix = `${name.slice(0, name.lastIndexOf("/") + 1)}${companion.stem}.`;
      const known = looks.get(keyOf(container, prefix));
      const isKnown = !isFresh && known !== undefined && now().getTime() - known.at <= MAX_AGE_MS;
      if (isKnown && known.at >= (await uploadedAt()).getTime() + CLOCK_MARGIN_MS) return known.found;
      return look(container, prefix, companion);
    },
  };
}

function keyOf(container: string, prefix: string): string {
  return `${container}/${prefix}`;
}

async function search(
  blobs: BlobStore,
  container: string,
  prefix: string,
  { suffixes, maxBytes }: Companion,
): Promise<BlobAddress | undefined> {
  const usable: string[] = [];
  for await (const page of blobs.list(container, { prefix, pageSize: MAX_LOOKED_AT })) {
    const right = page.blobs.filter(({ sizeBytes }) => sizeBytes > 0 && sizeBytes <= maxBytes);
    usable.push(...right.map(({ name }) => name));
    if (usable.length >= MAX_LOOKED_AT) break;
  }
  const ranked = suffixes.flatMap((suffix) =>
    usable.filter((name) => name.slice(prefix.length - 1).toLowerCase() === suffix),
  );
  return ranked[0] === undefined ? undefined : { container, name: ranked[0] };
}
