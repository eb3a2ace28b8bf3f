import { test } from "vitest";
import { nextDelaySeconds } from "../../src/orchestrations/polling.ts";

function pollTimes(untilSeconds: number): number[] {
  const times: number[] = [];
  for (let time = 0; time < untilSeconds; times.push(time)) time += nextDelaySeconds(time);
  return times;
}

test("the first polls come every second, later ones after a quarter of the time waited", ({ expect }) => {
  expect(pollTimes(8).map((time) => Math.round(time * 100) / 100)).toEqual([1, 2, 3, 4, 5, 6.25, 7.81, 9.77]);
});

test("there are never more than five minutes between polls", ({ expect }) => {
  expect(nextDelaySeconds(24 * 3600)).toBe(300);
});

test("an hour takes fewer than 45 polls, a day fewer than 350", ({ expect }) => {
  expect(pollTimes(3600).length).toBeLessThan(45);
  expect(pollTimes(24 * 3600).length).toBeLessThan(350);
});
