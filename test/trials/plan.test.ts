import { test } from "vitest";
import { FULL_PACE } from "../../src/trials/chaos/paces.ts";
import { planTrial } from "../../src/trials/chaos/plan.ts";

const PLAN = planTrial(60, 1, FULL_PACE);

test("the same seed plans the same trial, another one another trial", ({ expect }) => {
  expect(planTrial(60, 1, FULL_PACE)).toEqual(PLAN);
  expect(planTrial(60, 2, FULL_PACE)).not.toEqual(PLAN);
});

test("a trial has videos of all kinds, replaced ones, and events that come twice or never", ({ expect }) => {
  const { uploads } = PLAN;
  const names = new Set(uploads.map(({ name }) => name));

  expect(uploads).toHaveLength(60);
  expect(names.size).toBeLessThan(60);
  expect(new Set(uploads.map(({ content }) => content.kind))).toEqual(new Set(["tone", "silent", "text"]));
  expect(new Set(uploads.map(({ delivery }) => delivery))).toEqual(new Set(["once", "twice", "never"]));
});

test("each kind of disruption comes, also in a small trial", ({ expect }) => {
  const { disruptions } = planTrial(1, 3, FULL_PACE);

  expect(disruptions.map(({ what }) => what).toSorted()).toEqual([
    "bothKilled",
    "emulatorKilled",
    "hostKilled",
    "storagePaused",
  ]);
});

test("no service is killed more often than the stack starts it again", ({ expect }) => {
  const times = planTrial(1_000, 5, FULL_PACE).disruptions.map(({ atMs }) => atMs);
  const sixInMs = times.slice(5).map((atMs, index) => atMs - (times[index] ?? 0));

  expect(Math.min(...sixInMs)).toBeGreaterThanOrEqual(60_000);
});
