import { test } from "vitest";
import {
  nextDelaySeconds,
  nextLookAtEndSeconds,
  nextLookInQueueSeconds,
  nextLookSeconds,
} from "../../src/orchestrations/polling.ts";

function times(untilSeconds: number, pauseAfter: (elapsedSeconds: number) => number): number[] {
  const found: number[] = [];
  for (let time = 0; time < untilSeconds; found.push(time)) time += pauseAfter(time);
  return found;
}

test("the first looks at a task that may run any moment come every five seconds, later ones after half of the time waited", ({
  expect,
}) => {
  const looks = times(40, nextLookSeconds);

  expect(looks.map((time) => Math.round(time * 100) / 100)).toEqual([5, 10, 15, 22.5, 33.75, 50.63]);
});

test("a task behind others is looked at twice in half a minute, then every half a minute, and like any other in the end", ({
  expect,
}) => {
  expect(times(140, nextLookInQueueSeconds)).toEqual([5, 15, 45, 75, 112.5, 168.75]);
  expect(nextLookInQueueSeconds(24 * 3600)).toBe(900);
});

test("there are never more than fifteen minutes between looks, nor more than five between tries", ({ expect }) => {
  expect(nextLookSeconds(24 * 3600)).toBe(900);
  expect(nextDelaySeconds(24 * 3600)).toBe(300);
});

test("what is refused is tried again after a quarter of the time waited", ({ expect }) => {
  expect(times(8, nextDelaySeconds).map((time) => Math.round(time * 100) / 100)).toEqual([
    1, 2, 3, 4, 5, 6.25, 7.81, 9.77,
  ]);
});

test("an hour takes no more than 17 looks, a day no more than 110", ({ expect }) => {
  expect(times(3600, nextLookSeconds).length).toBeLessThanOrEqual(17);
  expect(times(24 * 3600, nextLookSeconds).length).toBeLessThanOrEqual(110);
});

test("a task that was said to have ended is looked at four times in the next two seconds, then as any other", ({
  expect,
}) => {
  const looks = times(10, nextLookAtEndSeconds);

  expect(looks.map((time) => Math.round(time * 100) / 100)).toEqual([0.2, 0.4, 0.8, 1.6, 3.2, 8.2, 13.2]);
});
