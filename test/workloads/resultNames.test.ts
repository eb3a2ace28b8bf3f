import fc from "fast-check";
import { test } from "vitest";
import { WORKLOADS } from "../../src/workloads/index.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { accepts } from "../../src/workloads/workload.ts";

test.for([
  ["a.b/x y.mp4", "a.b/x y.mp3"],
  ["LOUD.MP4", "LOUD.MP3"],
  ["mixed.mP4", "mixed.mP3"],
  ["my.movie.mp4", "my.movie.mp3"],
  [".mp4", ".mp3"],
] as const)("the MP3 of %s is %s, with its record and log beside it", ([mp4Name, mp3Name], { expect }) => {
  expect(accepts(mp3, mp4Name)).toBe(true);
  expect(resultNamesFor(mp3, mp4Name)).toEqual({
    result: mp3Name,
    record: `${mp3Name}.json`,
    log: `${mp3Name}.log`,
  });
});

test.for([
  ["notes.txt", "notes_OUTPUT.txt"],
  ["a.b/NOTES.TXT", "a.b/NOTES_OUTPUT.TXT"],
  [".txt", "_OUTPUT.txt"],
] as const)("the words of %s are in %s", ([textName, wordsName], { expect }) => {
  expect(accepts(topWords, textName)).toBe(true);
  expect(resultNamesFor(topWords, textName).result).toBe(wordsName);
});

test.for(["notes.txt", "mp4", "film.mp4.part", "film.m4a", ""])('"%s" is not an MP4', (name, { expect }) => {
  expect(accepts(mp3, name)).toBe(false);
});

test("no two blobs and no two workloads share a result, a record or a log", ({ expect }) => {
  const suffixes = [...new Set(WORKLOADS.flatMap((workload) => workload.suffixes))];
  const stem = fc.string({ maxLength: 1020, unit: "grapheme" });
  fc.assert(
    fc.property(stem, (start) => {
      const blobNames = suffixes.flatMap((suffix) => [start + suffix, start + suffix.toUpperCase()]);
      const names = WORKLOADS.flatMap((workload) =>
        blobNames
          .filter((blobName) => accepts(workload, blobName))
          .flatMap((blobName) => Object.values(resultNamesFor(workload, blobName))),
      );
      expect(names).toEqual([...new Set(names)]);
    }),
  );
});

test("no name is longer than Storage allows", ({ expect }) => {
  const longestVideo = `${"x".repeat(1020)}.mp4`;
  const longestText = `${"x".repeat(1020)}.txt`;

  expect(resultNamesFor(mp3, longestVideo).record).toMatch(/^x+~[0-9a-f]{32}\.json$/);
  expect(resultNamesFor(mp3, longestVideo).record).toHaveLength(1024);
  expect(resultNamesFor(mp3, longestVideo.slice(5)).record).toBe(`${"x".repeat(1015)}.mp3.json`);
  expect(resultNamesFor(topWords, longestText).result).toMatch(/^x+~[0-9a-f]{32}\.txt$/);
  expect(resultNamesFor(topWords, longestText).result).toHaveLength(1024);
});

test("no name is cut in the middle of a character", ({ expect }) => {
  for (const start of ["", "x"]) {
    expect(resultNamesFor(mp3, `${start}${"😀".repeat(509)}.mp4`).record).not.toMatch(/\p{Surrogate}/u);
  }
});
