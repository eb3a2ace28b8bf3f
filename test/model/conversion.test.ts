import fc from "fast-check";
import { test } from "vitest";
import { isMp4Name, mp3NameFor, normalizeETag } from "../../src/model/conversion.ts";
import { conversionIdOf, logNameFor, recordNameFor } from "../../src/model/identity.ts";

const version = { container: "input", name: "talks/intro.mp4", eTag: "0x8DA1" };

test.for([
  ["a.b/x y.mp4", "a.b/x y.mp3"],
  ["LOUD.MP4", "LOUD.MP3"],
  ["mixed.mP4", "mixed.mP3"],
  ["my.movie.mp4", "my.movie.mp3"],
  [".mp4", ".mp3"],
])("the MP3 of %s is %s", ([mp4, mp3], { expect }) => {
  expect(mp3NameFor(mp4 ?? "")).toBe(mp3);
});

test.for(["notes.txt", "mp4", "film.mp4.part", "film.m4a", ""])('"%s" is not an MP4', (name, { expect }) => {
  expect(isMp4Name(name)).toBe(false);
  expect(() => mp3NameFor(name)).toThrow(RangeError);
});

test("no two inputs share an output, a record or a log", ({ expect }) => {
  const mp4Name = fc.tuple(fc.string({ maxLength: 1020, unit: "grapheme" }), fc.constantFrom(".mp4", ".MP4", ".mP4"));
  fc.assert(
    fc.property(mp4Name, mp4Name, (one, other) => {
      const names = [one.join(""), other.join("")] as const;
      fc.pre(names[0] !== names[1]);
      for (const nameFor of [mp3NameFor, recordNameFor, logNameFor]) {
        expect(nameFor(names[0])).not.toBe(nameFor(names[1]));
      }
    }),
  );
});

test("a record's name is never longer than a blob's name may be", ({ expect }) => {
  const longest = `${"x".repeat(1020)}.mp4`;

  expect(recordNameFor(longest)).toMatch(/^x+~[0-9a-f]{32}\.json$/);
  expect(recordNameFor(longest)).toHaveLength(1024);
  expect(recordNameFor(longest.slice(5))).toBe(`${"x".repeat(1015)}.mp3.json`);
});

test("a record's name is not cut in the middle of a character", ({ expect }) => {
  for (const start of ["", "x"]) {
    expect(recordNameFor(`${start}${"😀".repeat(509)}.mp4`)).not.toMatch(/\p{Surrogate}/u);
  }
});

test("the id of a conversion is 32 hex digits and differs by container, name and ETag", ({ expect }) => {
  const ids = [
    conversionIdOf(version),
    conversionIdOf({ ...version, container: "input2" }),
    conversionIdOf({ ...version, name: "talks/intro.MP4" }),
    conversionIdOf({ ...version, eTag: "0x8DA2" }),
  ];

  expect(new Set(ids).size).toBe(4);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(conversionIdOf({ ...version })).toBe(ids[0]);
});

test.for(['"0x8DA1"', 'W/"0x8DA1"', "0x8DA1"])("the ETag %s is 0x8DA1", (eTag, { expect }) => {
  expect(normalizeETag(eTag)).toBe("0x8DA1");
});
