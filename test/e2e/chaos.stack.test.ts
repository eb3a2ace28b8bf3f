import { test } from "vitest";
import { SHORT_PACE } from "../trials/chaos/paces.ts";
import { runTrial } from "../trials/chaos/run.ts";

test(
  "nothing is lost, duplicated, wrong or unexplained when services fail, are killed and pause, and activities overlap",
  {
    timeout: 180_000,
  },
  async ({ expect }) => {
    const { lost, duplicated, wrong, unexplained, faults } = await runTrial({
      conversions: 10,
      seed: 1,
      rate: 0.05,
      isPolling: true,
      pace: SHORT_PACE,
      env: process.env,
      signal: new AbortController().signal,
      note: () => {},
    });

    expect({ lost, duplicated, wrong, unexplained }).toEqual({ lost: [], duplicated: [], wrong: [], unexplained: [] });
    expect([...faults.keys()]).toEqual(
      expect.arrayContaining([
        "Functions host killed",
        "Batch emulator killed",
        "host and emulator killed",
        "storage killed right after an upload",
        "storage killed right after a copy",
        "Functions host paused",
        "Batch emulator paused",
        "storage paused",
        "storage request held",
        "activity submitTask runs twice at once",
        "activity publish runs twice at once",
        "activity recordFailure runs twice at once",
        "infinite lease on a result",
        "snapshot on a record",
        "file replaced while convert uploads it",
        "file truncated while convert uploads it",
        "file deleted while convert uploads it",
      ]),
    );
  },
);
