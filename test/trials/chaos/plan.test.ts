import { test } from "vitest";
import { FULL_PACE } from "./paces.ts";
import { DISRUPTIONS, planTrial } from "./plan.ts";

const PLAN = planTrial(60, 1, FULL_PACE);

test("the same seed plans the same trial, another seed another one", ({ expect }) => {
  expect(planTrial(60, 1, FULL_PACE)).toEqual(PLAN);
  expect(planTrial(60, 2, FULL_PACE)).not.toEqual(PLAN);
});

test("a trial has videos of all kinds, replaced ones, and events that come twice or never", ({ expect }) => {
  const uploads = PLAN.steps.filter((step) => step.content !== null);

  expect(uploads).toHaveLength(60);
  expect(new Set(uploads.map(({ name }) => name)).size).toBeLessThan(60);
  expect(new Set(uploads.map(({ content }) => content.kind))).toEqual(new Set(["tone", "silent", "text"]));
  expect(new Set(uploads.map(({ delivery }) => delivery))).toEqual(new Set(["once", "twice", "never"]));
});

test("a video that is deleted is uploaded again later, as another one that can be converted", ({ expect }) => {
  const deletions = PLAN.steps.flatMap((step, index) => (step.content === null ? [{ ...step, index }] : []));
  const next = deletions.map(({ name, index }) => PLAN.steps.slice(index + 1).find((step) => step.name === name));

  expect(deletions.length).toBeGreaterThan(0);
  expect(next.map((step) => step?.content?.kind)).toEqual(deletions.map(() => "tone"));
});

test("even a small trial has each kind of disruption", ({ expect }) => {
  const { disruptions } = planTrial(1, 3, FULL_PACE);

  expect(new Set(disruptions.map(({ what }) => what))).toEqual(new Set(DISRUPTIONS));
});

test("results of each kind are leased for a while, leased for good and snapshotted", ({ expect }) => {
  const { guards } = PLAN;

  expect(new Set(guards.map(({ what, on }) => `${what} on ${on}`)).size).toBe(9);
  expect(new Set(guards.map(({ name }) => name)).size).toBe(9);
});

test("the seed chooses whose status is unreachable, and how", ({ expect }) => {
  const silences = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => planTrial(1, seed, FULL_PACE).silence);

  expect(new Set(silences.map(({ answer }) => answer))).toEqual(new Set(["500", "never"]));
  expect(new Set(silences.map(({ instance }) => instance)).size).toBeGreaterThan(1);
});

test("files change in all ways while they are uploaded, in an order that depends on the seed", ({ expect }) => {
  const plans = [1, 2, 3, 4].map((seed) => planTrial(1, seed, FULL_PACE).convert.changes);

  expect(new Set(plans[0])).toEqual(new Set(["replaced", "truncated", "deleted"]));
  expect(new Set(plans.map(String)).size).toBeGreaterThan(1);
});

test("no service is killed more often than the stack restarts it", ({ expect }) => {
  const times = planTrial(1_000, 5, FULL_PACE).disruptions.map(({ atMs }) => atMs);
  const sixInMs = times.slice(5).map((atMs, index) => atMs - (times[index] ?? 0));

  expect(Math.min(...sixInMs)).toBeGreaterThanOrEqual(60_000);
});
