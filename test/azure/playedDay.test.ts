import { test } from "vitest";
import type { PlayedDay } from "./playedDay.ts";
import { playDay, tableOf } from "./playedDay.ts";

const MORNING = { hour: 9, uploads: 500 };
const EVENING = { hour: 23, uploads: 3 };

/** From the end of the last task of a burst until the last node is gone. */
function idleMinutes({ moments }: PlayedDay, hour: number): number {
  const after = moments.filter(({ minute }) => minute > hour * 60);
  const done = after.find(({ pending }) => pending === 0)?.minute ?? Number.NaN;
  const empty = after.find(({ minute, nodes }) => minute >= done && nodes === 0)?.minute ?? Number.NaN;
  return empty - done;
}

test("a day of 500 uploads at nine and 3 at eleven in the evening costs at most 1.3 times the ideal", async ({
  expect,
  annotate,
}) => {
  const day = await playDay({}, [MORNING, EVENING]);
  await annotate(tableOf(day));

  expect(day.tasks).toHaveLength(503);
  expect(day.tasks.filter(({ state }) => state !== "completed")).toEqual([]);
  const wasInterrupted = ({ executionInfo }: (typeof day.tasks)[number]): boolean =>
    executionInfo?.exitCode !== 0 || executionInfo.requeueCount > 0 || executionInfo.retryCount > 0;
  expect(day.tasks.filter(wasInterrupted)).toEqual([]);

  expect(Math.max(...day.moments.map(({ nodes }) => nodes))).toBe(4);
  expect(idleMinutes(day, MORNING.hour)).toBeLessThanOrEqual(11);
  expect(idleMinutes(day, EVENING.hour)).toBeLessThanOrEqual(11);
  const evening = day.moments.filter(({ minute }) => minute >= 12 * 60 && minute < EVENING.hour * 60);
  expect(evening.filter(({ nodes }) => nodes > 0)).toEqual([]);
  expect(day.nodeHours / day.idealNodeHours).toBeLessThanOrEqual(1.3);
});
