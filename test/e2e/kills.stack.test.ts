import { test } from "vitest";
import { runKills } from "../trials/kills/run.ts";
import { TRIAL_BOUND_MS } from "../patience.ts";

test(
  "kill -9 of the whole stack and of its parts loses nothing and costs no attempt",
  { timeout: TRIAL_BOUND_MS },
  async ({ expect }) => {
    const { lost, wrong, attemptsUsedUp, killed, acknowledged } = await runKills({
      rounds: 3,
      seed: 41,
      env: process.env,
      signal: new AbortController().signal,
      note: () => {},
    });

    expect({ lost, wrong, attemptsUsedUp }).toEqual({ lost: [], wrong: [], attemptsUsedUp: [] });
    expect([...killed.keys()].toSorted()).toEqual(["all", "azurite", "batch"]);
    expect(acknowledged).toBeGreaterThan(0);
  },
);
