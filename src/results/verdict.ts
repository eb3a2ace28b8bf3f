import type { CompletedTask } from "../model/batchTask.ts";
import type { Failure, FailureCode } from "../model/conversion.ts";
import { codeOfBatchFailure, failureOf } from "../model/failures.ts";
import type { TaskReport } from "../workloads/mp3/report.ts";
import { parseTime, secondsBetween } from "../model/time.ts";

/** Whether a completed task has made the MP3 it should, and if not, why. */
export type Verdict =
  | { readonly isGood: true; readonly result: NonNullable<TaskReport["result"]> }
  | { readonly isGood: false; readonly failure: Failure };

/** The MP3 may differ from the source by this share of its duration, but always by `DURATION_SLACK_SECONDS`. */
const DURATION_TOLERANCE = 0.005;
/** An MP3 consists of whole frames and carries the encoder's delay: about 0.1 s more than the source. */
const DURATION_SLACK_SECONDS = 0.25;

/**
 * Judges by all the evidence: what Batch says of the task, what the task says of the media, and what arrived in the
 * staging container. None of them is enough alone: an MP3 can be there although its upload broke off, and an exit
 * status of 0 does not mean that the whole file was converted.
 */
export function judge(
  task: CompletedTask,
  limitSeconds: number,
  report: TaskReport | undefined,
  stagedBytes: number | undefined,
): Verdict {
  switch (report?.outcome) {
    case "Converted":
      return judgeConverted(task, report, stagedBytes);
    case "NoAudioStream":
    case "UnreadableInput":
    case "FfmpegFailed":
    case "DiskFull":
      return bad(report.outcome);
    case "FfmpegMissing":
      return bad("NodeUnfit", "ffmpeg is not installed on the node");
    case "Interrupted":
    case undefined:
      return judgeByBatch(task, limitSeconds);
  }
}

/** Batch says `TaskEnded` at the time limit, but also when somebody has ended the task or its job. */
function judgeByBatch(task: CompletedTask, limitSeconds: number): Verdict {
  const { startedAt, endedAt, failure } = task;
  const ranSeconds = startedAt && endedAt ? secondsBetween(parseTime(startedAt), parseTime(endedAt)) : 0;
  if (failure?.code === "TaskEnded" && ranSeconds >= limitSeconds) {
    return bad("ConversionTimedOut", `The conversion took longer than ${limitSeconds / 60} minutes`);
  }
  return bad(codeOfBatchFailure(task.failure?.code ?? ""), `The Batch task failed (${reasonOf(task)})`);
}

function judgeConverted(task: CompletedTask, { source, result }: TaskReport, stagedBytes: number | undefined): Verdict {
  if (!task.succeeded) {
    const code = codeOfBatchFailure(task.failure?.code ?? "");
    return bad(code, `The MP3 was made but the Batch task failed (${reasonOf(task)})`);
  }
  if (stagedBytes === undefined) {
    return bad("UploadFailed", "The MP3 was made but did not arrive in the staging container");
  }
  if (result === null || stagedBytes === 0 || stagedBytes !== result.sizeBytes) {
    const made = result?.sizeBytes ?? 0;
    return bad("UploadFailed", `The MP3 had ${made} bytes on the node and ${stagedBytes} in the staging container`);
  }
  const expected = source?.durationSeconds ?? null;
  if (expected !== null && !isClose(expected, result.durationSeconds)) {
    return bad("OutputMismatch", `The MP3 lasts ${result.durationSeconds} s but the audio of the video ${expected} s`);
  }
  return { isGood: true, result };
}

function isClose(expectedSeconds: number, actualSeconds: number): boolean {
  const tolerance = Math.max(DURATION_SLACK_SECONDS, expectedSeconds * DURATION_TOLERANCE);
  return Math.abs(expectedSeconds - actualSeconds) <= tolerance;
}

function reasonOf({ failure, exitCode }: CompletedTask): string {
  return failure ? `${failure.code}: ${failure.message}` : `exit code ${exitCode ?? "unknown"}`;
}

function bad(code: FailureCode, message?: string): Verdict {
  return { isGood: false, failure: failureOf(code, message) };
}
