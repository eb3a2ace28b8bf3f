import { test } from "vitest";
import { chosenForLook, pauseAfterLook, unhurried } from "../../src/cli/convert/looks.ts";

test("a look costs the same for three conversions and for a thousand, and comes to every one of them", ({ expect }) => {
  const waiting = Array.from({ length: 1000 }, (_, index) => index);
  const rounds = waiting.slice(2).map((_, round) => chosenForLook(waiting, round));

  expect(new Set(rounds.map(({ length }) => length))).toEqual(new Set([3]));
  expect(new Set(rounds.flat()).size).toBe(1000);
});

test("the two oldest are looked at each time", ({ expect }) => {
  expect(chosenForLook([7, 8, 9, 10], 0)).toEqual([7, 8, 9]);
  expect(chosenForLook([7, 8, 9, 10], 1)).toEqual([7, 8, 10]);
  expect(chosenForLook([7], 5)).toEqual([7]);
});

test("the pause grows with the time without news, from one that depends on what the look cost", ({ expect }) => {
  const pauses = [0, 5_000, 10_000, 60_000, 3_600_000].map((sinceNewsMs) =>
    pauseAfterLook({ count: 1, tookMs: 5 }, 100, sinceNewsMs),
  );

  expect(pauses).toEqual([100, 100, 200, 1_200, 10_000]);
  expect(pauseAfterLook({ count: 3, tookMs: 5 }, 100, 0)).toBe(300);
  expect(pauseAfterLook({ count: 3, tookMs: 500 }, 100, 0)).toBe(2_000);
});

test("where the end is told, there is one look in a second, whatever their number", ({ expect }) => {
  const pauses = [1, 2, 3].map((count) => pauseAfterLook({ count, tookMs: 5 }, unhurried(100), 0));

  expect(pauses).toEqual([1_000, 2_000, 3_000]);
  expect(unhurried(5_000)).toBe(5_000);
});
