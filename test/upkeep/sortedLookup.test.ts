import fc from "fast-check";
import { test } from "vitest";
import { createLookup } from "../../src/upkeep/sortedLookup.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { MemoryBlobs } from "./memoryBlobs.ts";

function containerOf(names: readonly string[]): MemoryBlobs {
  const blobs = new MemoryBlobs();
  for (const name of names) blobs.put("output", name);
  return blobs;
}

const always = (): boolean => true;

test("every name that is listed is found, whatever the order, and no other", async ({ expect }) => {
  const names = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 5 }));
  await fc.assert(
    fc.asyncProperty(names, names, async (present, asked) => {
      const lookup = createLookup(containerOf(present).store.list("output"));
      for (const name of asked) {
        expect(await lookup.readUpTo(name, always)).toBe(true);
        expect(lookup.find(name)?.name).toBe(present.includes(name) ? name : undefined);
      }
    }),
  );
});

test("records are found in the order of their blobs", async ({ expect }) => {
  const videos = ["a.mp4", "a.mp4.mp4", "a/b.mp4", "a0.mp4", "b.MP4", "b.mp4", "ü.mp4", "日本.mp4"].toSorted();
  const records = videos.map((video) => resultNamesFor(mp3, video).record);
  const lookup = createLookup(containerOf(records).store.list("output", { pageSize: 1 }));

  for (const record of records) {
    await lookup.readUpTo(record, always);
    expect(lookup.find(record)).toBeDefined();
  }
});

test("another lookup that begins at its position knows what it knows, three pages at most", async ({ expect }) => {
  const { store } = containerOf(["a", "b", "c", "d", "e", "f"]);
  const first = createLookup(store.list("output", { pageSize: 1 }));
  expect(first.position).toBeUndefined();
  await first.readUpTo("e", always);

  const from = first.position;
  const second = createLookup(store.list("output", { pageSize: 1, from }), from);
  expect(second.position).toBe(from);
  await second.readUpTo("e", always);

  for (const lookup of [first, second]) {
    expect(["a", "b", "c", "d", "e"].filter((name) => lookup.find(name) !== undefined)).toEqual(["c", "d", "e"]);
  }
});

test("a lookup that may read no more says so, and goes on when it may", async ({ expect }) => {
  const lookup = createLookup(containerOf(["a", "b", "c"]).store.list("output", { pageSize: 1 }));
  let pages = 2;

  expect(await lookup.readUpTo("c", () => pages-- > 0)).toBe(false);
  expect(await lookup.readUpTo("c", always)).toBe(true);
  expect(lookup.find("c")).toBeDefined();
});
