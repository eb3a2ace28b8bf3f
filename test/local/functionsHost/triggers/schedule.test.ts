import { test } from "vitest";
import { parseSchedule } from "../../../../src/local/functionsHost/triggers/schedule.ts";

const next = (schedule: string, after: string): string =>
  new Date(parseSchedule(schedule, "fn").nextAfter(Date.parse(after)) ?? 0).toISOString();

test("six fields begin with seconds, in UTC", ({ expect }) => {
  expect(next("30 */5 * * * *", "2026-01-01T00:00:00Z")).toBe("2026-01-01T00:00:30.000Z");
  expect(next("0 0 9 * * MON", "2026-01-01T00:00:00Z")).toBe("2026-01-05T09:00:00.000Z");
});

test("day and day of the week must both fit", ({ expect }) => {
  expect(next("0 0 0 13 * FRI", "2026-01-01T00:00:00Z")).toBe("2026-02-13T00:00:00.000Z");
});

test("a span counts from the last run", ({ expect }) => {
  expect(next("00:10:00", "2026-01-01T00:00:05Z")).toBe("2026-01-01T00:10:05.000Z");
});

test("a schedule that cannot be read names its function and shows a valid one", ({ expect }) => {
  expect(() => parseSchedule("every day", "cleanUp")).toThrow('Function cleanUp has the schedule "every day"');
});
