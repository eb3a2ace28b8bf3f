import { join } from "node:path";
import { test } from "vitest";
import type { CompletedTask } from "../../../src/model/batchTask.ts";
import { judge } from "../../../src/results/verdict.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import { CORPUS } from "../../trials/badMedia/corpus.ts";
import type { End } from "../../trials/badMedia/run.ts";
import { expectationInWords, inTheSameWords, makeSample } from "../../trials/badMedia/run.ts";
import { taskFolder } from "./taskFolder.ts";
import type { TaskRun } from "./taskFolder.ts";

/** As the app judges a task that ran like that. */
function endOf({ exitCode, report, review }: TaskRun): End {
  const succeeded = exitCode === 0;
  const task: CompletedTask = {
    state: "completed",
    succeeded,
    exitCode,
    failure: succeeded ? null : { code: "FailureExitCode", message: "The task exited with an exit code that is no 0" },
    startedAt: "2026-01-01T12:00:00.000Z",
    endedAt: "2026-01-01T12:01:00.000Z",
    nodeId: "node-1",
  };
  const verdict = judge(mp3, { task, limitSeconds: 3600, report, stagedBytes: report.resultBytes ?? undefined });
  const input = (review.input ?? {}) as End["input"];
  return {
    outcome: verdict.isGood ? "succeeded" : verdict.failure.code,
    input,
    durationSeconds: review.output?.["durationSeconds"] as number | undefined,
  };
}

test.for(
  CORPUS.filter(({ isLong }) => !isLong).map(
    (sample) => [sample.name, expectationInWords(sample.expected), sample] as const,
  ),
)("the file «%s» ends as %s", ([name, wanted, { expected }], { expect }) => {
  const folder = taskFolder();
  makeSample(name, join(folder.path, "input"));

  expect(inTheSameWords(endOf(folder.run()), expected)).toBe(wanted);
});
