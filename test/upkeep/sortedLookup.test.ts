import fc from "fast-check";
import { test } from "vitest";
import { createLookup } from "../../src/upkeep/sortedLookup.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";

async function* listing(names: readonly string[]): AsyncIterable<{ name: string }> {
  for (const name of names.toSorted()) yield { name };
}

test("every name that is listed is found, whatever the order, and no other", async ({ expect }) => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }));
  await fc.assert(
    fc.asyncProperty(names, names, async (present, asked) => {
      const lookup = createLookup(listing(present));
      for (const name of asked) expect((await lookup(name))?.name).toBe(present.includes(name) ? name : undefined);
    }),
  );
});

test("records are found in the order of their blobs", async ({ expect }) => {
  const videos = ["a.mp4", "a.mp4.mp4", "a/b.mp4", "a0.mp4", "b.MP4", "b.mp4", "ü.mp4", "日本.mp4"].toSorted();
  const records = videos.map((video) => resultNamesFor(mp3, video).record);
  const lookup = createLookup(listing(records));

  for (const record of records) expect(await lookup(record)).toBeDefined();
});
