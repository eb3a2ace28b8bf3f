import type { Failure, FailureCode } from "./conversion.ts";

/** One row of the failure model; docs/failures.md shows them all. */
export interface FailureKind {
  /** What reports it: outcomes of the task script, codes of Azure Batch, or what we saw ourselves. */
  readonly reportedBy: readonly string[];
  /** Whether a new attempt may end better. A failure of the media never does. */
  readonly isRetried: boolean;
  /** What happened, where the reporter gives no better words. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** How many attempts a conversion gets when its failures are retried. */
export const MAX_ATTEMPTS = 3;

export const FAILURES: Readonly<Record<FailureCode, FailureKind>> = {
  NoAudioStream: {
    reportedBy: ["the task script: NoAudioStream"],
    isRetried: false,
    message: "The video has no audio stream",
    hint: "Upload a video that has sound.",
  },
  UnreadableInput: {
    reportedBy: ["the task script: UnreadableInput"],
    isRetried: false,
    message: "The file is not a readable MP4: it is empty, damaged, cut off or of another format",
    hint: "Check that it plays, and upload it again. The log says what ffprobe found.",
  },
  FfmpegFailed: {
    reportedBy: ["the task script: FfmpegFailed"],
    isRetried: false,
    message: "ffmpeg could not convert the audio",
    hint: "The log says why; the audio may be damaged.",
  },
  OutputMismatch: {
    reportedBy: ["our check of the MP3's duration"],
    isRetried: false,
    message: "The MP3 does not last as long as the audio of the video",
    hint: "The video is probably cut off or damaged: check that it plays to its end, and upload it again.",
  },
  InputMissing: {
    reportedBy: ["Storage: the video is gone"],
    isRetried: false,
    message: "The video was deleted before its conversion had ended",
    hint: "Upload it again if you still want the MP3.",
  },
  Cancelled: {
    reportedBy: ["DELETE /api/conversions/{id}"],
    isRetried: false,
    message: "Somebody cancelled the conversion",
    hint: "To convert the video after all, retry the conversion or upload the video again.",
  },
  ConversionTimedOut: {
    reportedBy: ["Batch: TaskEnded, at the task's time limit", "our converting deadline"],
    isRetried: false,
    message: "The conversion took longer than it may",
    hint: "Raise CONVERTING_TIMEOUT_MINUTES or use a faster BATCH_VM_SIZE, and retry the conversion.",
  },
  NoCapacity: {
    reportedBy: ["our waiting deadline"],
    isRetried: false,
    message: "No node of Azure Batch took the task in time",
    hint: "Give the pool more nodes or raise WAITING_TIMEOUT_MINUTES, and retry the conversion.",
  },
  QuotaExceeded: {
    reportedBy: [
      "our waiting deadline, with a resize error of the pool: …QuotaReached",
      "Batch: …QuotaReached, for hours",
    ],
    isRetried: false,
    message: "The Batch account has no quota left",
    hint: "Ask for more quota of the Batch account in the Azure portal, and retry the conversion.",
  },
  StartTaskFailed: {
    reportedBy: ["our waiting deadline, with nodes whose start task failed"],
    isRetried: false,
    message: "The pool's start task failed on its nodes",
    hint: "Read startup/stderr.txt of the node in Azure Batch, mend the pool or delete it, and retry the conversion.",
  },
  NodeUnusable: {
    reportedBy: ["our waiting deadline, with unusable nodes"],
    isRetried: false,
    message: "The nodes of the pool are unusable",
    hint: "Remove or reimage the nodes in Azure Batch, and retry the conversion.",
  },
  NodeLost: {
    reportedBy: ["Batch: the task is gone, its job is closed, or it ended without a report"],
    isRetried: true,
    message: "The node or the task was lost",
    hint: "Look at the pool in Azure Batch, and retry the conversion.",
  },
  NodeUnfit: {
    reportedBy: ["the task script: FfmpegMissing", "Batch: CommandProgramNotFound, CommandLaunchFailed"],
    isRetried: true,
    message: "The node cannot run the conversion",
    hint: "Look at the pool's image and start task, which installs ffmpeg, and retry the conversion.",
  },
  DiskFull: {
    reportedBy: ["the task script: DiskFull", "Batch: DiskFull"],
    isRetried: true,
    message: "The node's disk was full",
    hint: "Use a BATCH_VM_SIZE with a larger temporary disk or fewer BATCH_TASK_SLOTS_PER_NODE, and retry the conversion.",
  },
  DownloadFailed: {
    reportedBy: ["Batch: BlobNotFound, BlobDownload*, ResourceContainer*, Resource*Failed"],
    isRetried: true,
    message: "The node could not download the video",
    hint: "Check that the nodes can reach the storage account, and retry the conversion.",
  },
  UploadFailed: {
    reportedBy: ["Batch: FileUpload*", "our check of the staged MP3's size"],
    isRetried: true,
    message: "The node could not store the MP3",
    hint: "Read fileuploaderr.txt of the task in Azure Batch, and retry the conversion.",
  },
  CopyTimedOut: {
    reportedBy: ["our wait for Azure Storage to copy the MP3, after an hour"],
    isRetried: false,
    message: "Azure Storage did not finish copying the MP3 to the output container",
    hint: "Look at the health of the storage account, and retry the conversion.",
  },
  AccessExpired: {
    reportedBy: ["Batch: BlobAccessDenied, ResourceContainerAccessDenied, FileUploadAccessDenied"],
    isRetried: true,
    message: "The task's access to the storage account had expired or was refused",
    hint: "Check the keys, firewall and roles of the storage account, and retry the conversion.",
  },
  Throttled: {
    reportedBy: ["Batch or Storage: 429 or 503, for hours"],
    isRetried: true,
    message: "A service refused requests because there were too many",
    hint: "Upload fewer videos at a time or ask for a higher limit, and retry the conversion.",
  },
  Misconfigured: {
    reportedBy: ["Batch or Storage: a refusal of our sign-in or of a setting, for hours"],
    isRetried: false,
    message: "A setting or a role of the app is wrong",
    hint: "Mend what the message names (sign-in, role, image, VM size), and retry the conversion.",
  },
  InternalError: {
    reportedBy: ["anything else"],
    isRetried: true,
    message: "Something failed that should not",
    hint: "Retry the conversion. If it fails again, report the message as a bug.",
  },
};

/** A failure of this kind, in the reporter's words where it has some. */
export function failureOf(code: FailureCode, message?: string): Failure {
  const kind = FAILURES[code];
  return { code, message: message ?? kind.message, hint: kind.hint };
}

/** Codes of Azure Batch: https://learn.microsoft.com/rest/api/batchservice/task/get#taskfailureinformation */
const BATCH_CODES: readonly (readonly [RegExp, FailureCode])[] = [
  [/^DiskFull$/, "DiskFull"],
  [/AccessDenied$/, "AccessExpired"],
  [/^FileUpload/, "UploadFailed"],
  [/^(Blob|ResourceContainer|ResourceDirectory|ResourceFile)/, "DownloadFailed"],
  [/^Command/, "NodeUnfit"],
];

/** What a failure code of a Batch task means for the conversion. */
export function codeOfBatchFailure(batchCode: string): FailureCode {
  return BATCH_CODES.find(([pattern]) => pattern.test(batchCode))?.[1] ?? "NodeLost";
}
