import { test } from "vitest";
import { SHORT_PACE } from "../trials/chaos/paces.ts";
import { runTrial } from "../trials/chaos/run.ts";

test(
  "nothing is lost, duplicated or unexplained when services fail, are killed and pause",
  {
    timeout: 120_000,
  },
  async ({ expect }) => {
    const { lost, duplicated, unexplained, faults } = await runTrial({
      conversions: 10,
      seed: 1,
      rate: 0.05,
      isPolling: true,
      pace: SHORT_PACE,
      env: process.env,
      signal: new AbortController().signal,
      note: () => {},
    });

    expect({ lost, duplicated, unexplained }).toEqual({ lost: [], duplicated: [], unexplained: [] });
    expect([...faults.keys()]).toEqual(
      expect.arrayContaining([
        "Functions host killed",
        "Batch emulator killed",
        "host and emulator killed",
        "Functions host paused",
        "Batch emulator paused",
        "storage paused",
      ]),
    );
  },
);
