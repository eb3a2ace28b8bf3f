import { test } from "vitest";
import type { CompletedTask } from "../../src/model/batchTask.ts";
import type { TaskReport } from "../../src/workloads/mp3/report.ts";
import { judge } from "../../src/results/verdict.ts";

const task: CompletedTask = {
  state: "completed",
  succeeded: true,
  exitCode: 0,
  failure: null,
  startedAt: "2026-01-01T12:00:00.000Z",
  endedAt: "2026-01-01T12:01:00.000Z",
  nodeId: "node-1",
};
const report: TaskReport = {
  outcome: "Converted",
  ffmpegVersion: "6.1",
  source: { durationSeconds: 60, audioStream: null },
  result: { durationSeconds: 60.05, sizeBytes: 1000, bitrateKbps: 192 },
};
const LIMIT_SECONDS = 60;
const failedTask = { ...task, succeeded: false, exitCode: 1 };

function lasting(sourceSeconds: number, mp3Seconds: number): TaskReport {
  return {
    ...report,
    source: { durationSeconds: sourceSeconds, audioStream: null },
    result: { durationSeconds: mp3Seconds, sizeBytes: 1000, bitrateKbps: 192 },
  };
}

test("a converted, complete and right MP3 is good", ({ expect }) => {
  expect(judge(task, LIMIT_SECONDS, report, 1000)).toEqual({ isGood: true, result: report.result });
});

test.for([
  ["NoAudioStream", "NoAudioStream"],
  ["UnreadableInput", "UnreadableInput"],
  ["FfmpegFailed", "FfmpegFailed"],
  ["DiskFull", "DiskFull"],
  ["FfmpegMissing", "NodeUnfit"],
  ["Interrupted", "NodeLost"],
] as const)("the outcome %s of the task script is the failure %s", ([outcome, code], { expect }) => {
  const verdict = judge(failedTask, LIMIT_SECONDS, { ...report, outcome, result: null }, undefined);

  expect(verdict).toMatchObject({ isGood: false, failure: { code, hint: expect.stringMatching(/\w/) } });
});

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

  expect(judge(failed, LIMIT_SECONDS, undefined, undefined)).toMatchObject({
    failure: { code, message: `The Batch task failed (${batchCode}: Batch says so.)` },
  });
});

test("a task that Batch has ended at its time limit is a conversion that timed out", ({ expect }) => {
  const ended = { ...failedTask, exitCode: null, failure: { code: "TaskEnded", message: "ended" } };

  expect(judge(ended, 60, { ...report, outcome: "Interrupted" }, undefined)).toMatchObject({
    failure: { code: "ConversionTimedOut" },
  });
});

test("a task that somebody has ended before its time limit is lost, and worth another attempt", ({ expect }) => {
  const ended = { ...failedTask, exitCode: null, failure: { code: "TaskEnded", message: "ended" } };

  expect(judge(ended, 61, undefined, undefined)).toMatchObject({ failure: { code: "NodeLost" } });
});

test.for([
  [
    "an upload that Batch reports as failed",
    { ...task, succeeded: false, failure: { code: "FileUploadMiscError", message: "x" } },
    1000,
  ],
  ["an MP3 that did not arrive", task, undefined],
  ["an empty MP3", task, 0],
  ["an MP3 that was cut off on its way", task, 999],
] as const)("%s is UploadFailed", ([, completed, stagedBytes], { expect }) => {
  expect(judge(completed, LIMIT_SECONDS, report, stagedBytes)).toMatchObject({ failure: { code: "UploadFailed" } });
});

test.for([
  [0.05, 0.1, true],
  [3, 3.24, true],
  [3, 3.26, false],
  [3600, 3582.1, true],
  [3600, 3581.9, false],
  [3600, 1800, false],
] as const)("for %d s of audio an MP3 of %d s is good: %s", ([source, mp3, isGood], { expect }) => {
  const verdict = judge(task, LIMIT_SECONDS, lasting(source, mp3), 1000);

  expect(verdict).toMatchObject(isGood ? { isGood } : { isGood, failure: { code: "OutputMismatch" } });
});

test("where the source does not tell its duration, the other checks decide", ({ expect }) => {
  expect(
    judge(task, LIMIT_SECONDS, { ...report, source: { durationSeconds: null, audioStream: null } }, 1000).isGood,
  ).toBe(true);
});
