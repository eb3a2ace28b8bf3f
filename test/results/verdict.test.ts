import { test } from "vitest";
import type { CompletedTask } from "../../src/model/batchTask.ts";
import { isRetried } from "../../src/model/failures.ts";
import type { Verdict } from "../../src/results/verdict.ts";
import { judge } from "../../src/results/verdict.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import type { TaskReport } from "../../src/workloads/workload.ts";

const task: CompletedTask = {
  state: "completed",
  succeeded: true,
  exitCode: 0,
  failure: null,
  startedAt: "2026-01-01T12:00:00.000Z",
  endedAt: "2026-01-01T12:01:00.000Z",
  nodeId: "node-1",
};
const failedTask = { ...task, succeeded: false, exitCode: 1 };
const report: TaskReport = {
  outcome: "Converted",
  resultBytes: 1000,
  streamIndex: 1,
  source: { streams: [{ index: 1, duration: "60.000", nb_frames: "2584" }] },
  result: { format: { duration: "60.050", bit_rate: "192000" } },
};

function verdictOn(
  completed: CompletedTask,
  found: TaskReport | undefined,
  stagedBytes: number | undefined,
  limitSeconds = 60,
): Verdict {
  return judge(mp3, { task: completed, limitSeconds, report: found, stagedBytes });
}

test("a complete and correct result is good, and comes with what the workload says of it", ({ expect }) => {
  expect(verdictOn(task, report, 1000)).toEqual({ isGood: true, sizeBytes: 1000, review: mp3.review(report) });
});

test.for([
  ["NoAudioStream", "NoAudioStream"],
  ["UnreadableInput", "UnreadableInput"],
  ["DiskFull", "DiskFull"],
  ["NodeUnfit", "NodeUnfit"],
  ["Interrupted", "NodeLost"],
] as const)("the outcome %s of the task script is the failure %s", ([outcome, code], { expect }) => {
  const verdict = verdictOn(failedTask, { outcome, resultBytes: null }, undefined);

  expect(verdict).toMatchObject({ isGood: false, failure: { code, hint: expect.stringMatching(/\w/) } });
});

// Cancelled, InputMissing and the others are not for a script to say, and would end the conversion for good.
test.for(["SomethingNew", "toString", "", "Cancelled", "InputMissing", "ConversionTimedOut", "UploadFailed"])(
  "the outcome «%s» is a mistake of the script, which another attempt may not make",
  (outcome, { expect }) => {
    for (const completed of [failedTask, task]) {
      const verdict = verdictOn(completed, { outcome, resultBytes: null }, undefined);

      expect(verdict).toMatchObject({
        isGood: false,
        failure: {
          code: "InternalError",
          message: `Workload mp3 reported "${outcome}", which is none of its failures`,
        },
      });
      expect(!verdict.isGood && isRetried(verdict.failure)).toBe(true);
    }
  },
);

test.for([
  ["BlobNotFound", "DownloadFailed"],
  ["BlobDownloadTimedOut", "DownloadFailed"],
  ["BlobAccessDenied", "AccessExpired"],
  ["FileUploadAccessDenied", "AccessExpired"],
  ["FileUploadContainerNotFound", "UploadFailed"],
  ["DiskFull", "DiskFull"],
  ["CommandProgramNotFound", "NodeUnfit"],
  ["Unknown", "NodeLost"],
  ["SomethingNew", "NodeLost"],
])("the failure %s of a Batch task is %s, in Batch's words", ([batchCode, code], { expect }) => {
  const failed = { ...failedTask, exitCode: null, failure: { code: batchCode ?? "", message: "Batch says so." } };

  expect(verdictOn(failed, undefined, undefined)).toMatchObject({
    failure: { code, message: `The Batch task failed (${batchCode}: Batch says so.)` },
  });
});

test.for([
  ["at", "2026-01-01T12:01:00.000Z"],
  ["0.01 s before", "2026-01-01T12:00:59.990Z"],
  ["a little after", "2026-01-01T12:01:02.000Z"],
] as const)("a task that Batch ended %s its time limit is a conversion that timed out", ([, endedAt], { expect }) => {
  const ended = { ...failedTask, endedAt, exitCode: null, failure: { code: "TaskEnded", message: "ended" } };

  expect(verdictOn(ended, { ...report, outcome: "Interrupted" }, undefined)).toMatchObject({
    failure: { code: "ConversionTimedOut" },
  });
});

test("a task that somebody ended before its time limit is lost, and worth another attempt", ({ expect }) => {
  const ended = { ...failedTask, exitCode: null, failure: { code: "TaskEnded", message: "ended" } };

  expect(verdictOn(ended, undefined, undefined, 66)).toMatchObject({ failure: { code: "NodeLost" } });
});

test.for([
  [
    "an upload that Batch reports as failed",
    { ...task, succeeded: false, failure: { code: "FileUploadMiscError", message: "x" } },
    1000,
  ],
  ["a result that did not arrive", task, undefined],
  ["an empty result", task, 0],
  ["a result that was cut off on its way", task, 999],
] as const)("%s is UploadFailed", ([, completed, stagedBytes], { expect }) => {
  expect(verdictOn(completed, report, stagedBytes)).toMatchObject({ failure: { code: "UploadFailed" } });
});

test("a script that ended without its report has failed, and says with which exit code", ({ expect }) => {
  const failure = { code: "FailureExitCode", message: "The task exited with an exit code representing a failure" };

  for (const completed of [
    { ...failedTask, exitCode: 127, failure },
    { ...task, exitCode: 127 },
  ]) {
    expect(verdictOn(completed, undefined, undefined)).toMatchObject({
      failure: {
        code: "ScriptFailed",
        message: "The script of mp3 ended with exit code 127 and left no readable report",
      },
    });
  }
});

test("a report of a result without its size is a mistake in the script", ({ expect }) => {
  expect(verdictOn(task, { ...report, resultBytes: null }, 1000)).toMatchObject({ failure: { code: "ScriptFailed" } });
});

test("a result that its workload rejects fails in the workload's words", ({ expect }) => {
  const half = { ...report, result: { format: { duration: "30.000" } } };

  expect(verdictOn(task, half, 1000)).toEqual({
    isGood: false,
    failure: {
      code: "OutputMismatch",
      message: "The MP3 is 30 s long, but the audio of the video is 60 s",
      hint: expect.stringMatching(/upload it again/),
    },
  });
});
