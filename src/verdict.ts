import type { Failure, FailureCode } from "./conversion.ts";
import type { CompletedTask } from "./batchTask.ts";
import type { TaskReport } from "./task/report.ts";

/** Whether a completed task has made the MP3 it should, and if not, why, and whether another attempt may help. */
export type Verdict =
  | { readonly isGood: true; readonly result: NonNullable<TaskReport["result"]> }
  | { readonly isGood: false; readonly failure: Failure; readonly isRetriable: boolean };

/** The MP3 may differ from the source by this share of its duration, but always by `DURATION_SLACK_SECONDS`. */
const DURATION_TOLERANCE = 0.005;
/** An MP3 consists of whole frames and carries the encoder's delay: about 0.1 s more than the source. */
const DURATION_SLACK_SECONDS = 0.25;

/**
 * Judges by all the evidence: what Batch says of the task, what the task says of the media, and what arrived in the
 * staging container. None of them is enough alone: an MP3 can be there although its upload broke off, and an exit
 * status of 0 does not mean that the whole file was converted.
 */
export function judge(task: CompletedTask, report: TaskReport | undefined, stagedBytes: number | undefined): Verdict {
  if (report === undefined) return judgeWithoutReport(task);
  switch (report.outcome) {
    case "Converted":
      return judgeConverted(task, report, stagedBytes);
    case "NoAudioStream":
      return final("NoAudioStream", "The video has no audio stream", "Upload a video that has sound.");
    case "UnreadableInput":
      return final(
        "UnreadableInput",
        "The file is not a readable MP4: it is empty, damaged, cut off or of another format",
        "Check that it plays, and upload it again. The log says what ffprobe found.",
      );
    case "FfmpegFailed":
      return final("FfmpegFailed", "ffmpeg could not convert the audio", "The log says why; the audio may be damaged.");
    case "DiskFull":
      return retriable("PlatformFailure", "The node's disk was full", "Use a VM size with a larger temporary disk.");
    case "FfmpegMissing":
      return retriable(
        "PlatformFailure",
        "The node has no ffmpeg",
        "Look at the pool's start task: it installs ffmpeg.",
      );
    case "Interrupted":
      return judgeWithoutReport(task);
  }
}

/** The blob was deleted while it was converted. */
export function inputMissing(): Failure {
  return {
    code: "InputMissing",
    message: "The video was deleted before its conversion had ended",
    hint: "Upload it again if you still want the MP3.",
  };
}

function judgeWithoutReport({ failure, exitCode }: CompletedTask): Verdict {
  if (failure?.code === "TaskEnded") {
    return final(
      "ConversionTimedOut",
      "The conversion took longer than it may, so Azure Batch ended it",
      "Raise CONVERTING_TIMEOUT_MINUTES or use a faster BATCH_VM_SIZE.",
    );
  }
  const reason = failure ? `${failure.code}: ${failure.message}` : `exit code ${exitCode ?? "unknown"}`;
  return retriable("PlatformFailure", `The Batch task failed (${reason})`, "Look at the task in Azure Batch.");
}

function judgeConverted(task: CompletedTask, { source, result }: TaskReport, stagedBytes: number | undefined): Verdict {
  const uploadFailed = (what: string): Verdict =>
    retriable("UploadFailed", what, "Look at fileuploaderr.txt of the task in Azure Batch.");
  if (!task.succeeded) {
    const reason = task.failure
      ? `${task.failure.code}: ${task.failure.message}`
      : `exit code ${task.exitCode ?? "unknown"}`;
    return uploadFailed(`The MP3 was made but the Batch task failed (${reason})`);
  }
  if (stagedBytes === undefined) return uploadFailed("The MP3 was made but did not arrive in the staging container");
  if (result === null || stagedBytes === 0 || stagedBytes !== result.sizeBytes) {
    return uploadFailed(
      `The MP3 had ${result?.sizeBytes ?? 0} bytes on the node and ${stagedBytes} in the staging container`,
    );
  }
  const expected = source?.durationSeconds ?? null;
  if (expected !== null && !isClose(expected, result.durationSeconds)) {
    return final(
      "OutputMismatch",
      `The MP3 lasts ${result.durationSeconds} s but the audio of the video ${expected} s`,
      "The video is probably cut off or damaged: check that it plays to its end, and upload it again.",
    );
  }
  return { isGood: true, result };
}

function isClose(expectedSeconds: number, actualSeconds: number): boolean {
  const tolerance = Math.max(DURATION_SLACK_SECONDS, expectedSeconds * DURATION_TOLERANCE);
  return Math.abs(expectedSeconds - actualSeconds) <= tolerance;
}

function final(code: FailureCode, message: string, hint: string): Verdict {
  return { isGood: false, failure: { code, message, hint }, isRetriable: false };
}

function retriable(code: FailureCode, message: string, hint: string): Verdict {
  return { isGood: false, failure: { code, message, hint }, isRetriable: true };
}
