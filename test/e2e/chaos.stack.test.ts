import { test } from "vitest";
import { SHORT_PACE } from "../trials/chaos/paces.ts";
import { runTrial } from "../trials/chaos/run.ts";
import { TRIAL_BOUND_MS } from "../patience.ts";

test(
  "nothing is lost, duplicated, wrong or unexplained when services fail, are killed and pause, and activities overlap",
  {
    timeout: TRIAL_BOUND_MS,
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
    const provoked = [...faults.keys()];
    expect(provoked).toEqual(
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
        "file replaced while convert uploads it",
        "file truncated while convert uploads it",
        "file deleted while convert uploads it",
      ]),
    );
    // Which of these come depends on what is at work at that moment.
    expect(provoked.some((fault) => /^activity .* runs twice at once$/.test(fault))).toBe(true);
    expect(provoked.some((fault) => /lease on|snapshot on/.test(fault))).toBe(true);
  },
);
