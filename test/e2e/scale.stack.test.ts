import { test } from "vitest";
import { runScale } from "../trials/scale/run.ts";
import { TRIAL_BOUND_MS } from "../patience.ts";

test("of fifty uploads at once none is lost, double or wrong", { timeout: TRIAL_BOUND_MS }, async ({ expect }) => {
  const { lost, double, wrong, costs, historyEvents } = await runScale({
    conversions: 50,
    env: process.env,
    signal: new AbortController().signal,
    note: () => {},
  });

  expect({ lost, double, wrong }).toEqual({ lost: [], double: [], wrong: [] });
  expect(costs.requests.azurite["task PUT work result"]).toBe(1);
  expect(costs.requests.batch["POST jobs/*/tasks"]).toBe(1);
  expect(historyEvents.mean).toBeGreaterThan(1);
});
