import { test } from "vitest";
import { timelineOf } from "./timeline.ts";
import type { Answered } from "./timeline.ts";

/** `[kind, from, to]`, in milliseconds. */
type Request = readonly [string, number, number];

const STORAGE: readonly Request[] = [
  ["host PUT output *.mp3.json", 900, 950],
  ["trial PUT input *.mp4", 950, 1_000],
  ["host GET list input", 1_300, 1_310],
  ["host HEAD input *.mp4", 1_320, 1_330],
  ["host HEAD output *.mp3.json", 1_325, 1_345],
  ["task GET application *.sh", 1_420, 1_430],
  ["task GET input *.mp4", 1_430, 1_450],
  ["host GET list work", 1_900, 1_910],
  ["task PUT work result", 2_000, 2_030],
  ["task PUT work report.json", 2_030, 2_050],
  ["host GET list work", 2_200, 2_210],
  ["host COPY output *.mp3", 2_300, 2_340],
  ["host PUT output *.mp3.json", 2_380, 2_400],
  ["host DELETE work result", 2_410, 2_420],
];
const BATCH: readonly Request[] = [
  ["POST jobs/*/tasks", 1_390, 1_400],
  ["GET jobs/*/tasks/*", 1_500, 1_510],
  ["GET jobs/*/tasks/*", 2_260, 2_270],
];
const DURABLE: readonly Request[] = [
  ["GET api/*/*", 1_000, 1_400],
  ["POST durable orchestrators/*/*", 1_350, 1_360],
  ["POST durable instances/*/raiseEvent/*", 2_230, 2_250],
];

function answered(azurite: readonly Request[], batch = BATCH, functions = DURABLE): Answered {
  const requests = (all: readonly Request[]) => all.map(([kind, startedAt, endedAt]) => ({ kind, startedAt, endedAt }));
  return { azurite: requests(azurite), batch: requests(batch), functions: requests(functions) };
}

test("the steps follow each other from the end of the upload to the record", ({ expect }) => {
  const { recordedAt, steps } = timelineOf(answered(STORAGE), 1_000);

  expect(recordedAt).toBe(2_400);
  expect(Object.values(steps)).toEqual([0.36, 0.04, 0.05, 0.55, 0.05, 0.2, 0.02, 0.13]);
});

test("the waiting for the next look of a trigger is told apart, after the upload and after the report", ({
  expect,
}) => {
  expect(timelineOf(answered(STORAGE), 1_000).underWay["waiting for the next look of a trigger"]).toBe(0.45);
});

test("requests side by side are under way once, and what comes after the record does not count", ({ expect }) => {
  const { underWay } = timelineOf(answered(STORAGE), 1_000);

  expect(underWay).toMatchObject({
    "requests of the app to storage": 0.085,
    "  copies to output": 0.04,
    "requests of the task to storage": 0.08,
    "requests to Batch": 0.03,
    "requests to Durable": 0.03,
  });
});

test("the time of a step that was not seen is in the next one", ({ expect }) => {
  const untold = DURABLE.filter(([kind]) => !kind.includes("raiseEvent"));
  const { steps } = timelineOf(answered(STORAGE, BATCH, untold), 1_000);

  expect(steps).toMatchObject({ "the report is noticed, and told": 0, "the task is read": 0.22 });
});

test("without a record after the upload there is no timeline", ({ expect }) => {
  const before = STORAGE.filter(([, from]) => from < 2_000);

  expect(() => timelineOf(answered(before), 1_000)).toThrow("record");
});
