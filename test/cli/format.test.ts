import { test } from "vitest";
import { formatBytes, formatSeconds, shellWord } from "../../src/cli/format.ts";

test("sizes and times are short", ({ expect }) => {
  expect([0, 999, 1_000, 999_499, 999_500, 3_400_000, 4_294_967_296].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1 kB",
    "999 kB",
    "1.0 MB",
    "3.4 MB",
    "4.29 GB",
  ]);
  expect([0, 1_234, 59_940, 61_000, 3_725_000].map(formatSeconds)).toEqual([
    "0.0 s",
    "1.2 s",
    "59.9 s",
    "1 min 1 s",
    "1 h 2 min 5 s",
  ]);
});

test.for([
  ["../data", "../data"],
  ["my data", "'my data'"],
  ["it's $(here)", "'it'\\''s $(here)'"],
  ["", "''"],
] as const)("a shell reads the word %j from %s", ([word, shown], { expect }) => {
  expect(shellWord(word)).toBe(shown);
});
