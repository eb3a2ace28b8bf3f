/** Why a conversion failed. */
export interface Failure {
  /** A `FailureCode`, or one of the workload's own; users and pipelines can branch on it. */
  readonly code: string;
  /** What happened, in words for a person. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** The code of a failure that has nothing to do with the kind of work; each workload adds its own. */
export type FailureCode = keyof typeof FAILURES;

/** What a failure says where whoever reports it has nothing more exact. */
export type FailureWords = Omit<Failure, "code">;

/** One row of the failure model; docs/failures.md shows them all. */
interface FailureKind extends FailureWords {
  /** What reports it: outcomes of a task script, codes of Azure Batch, or what we saw ourselves. */
  readonly reportedBy: readonly string[];
  /** Whether a new attempt may end better. */
  readonly isRetried: boolean;
}

/** How many attempts a conversion gets when its failures are retried. */
export const MAX_ATTEMPTS = 3;

export const FAILURES = {
  InputMissing: {
    reportedBy: ["Storage: the blob is gone"],
    isRetried: false,
    message: "The file was deleted before its conversion had ended",
    hint: "Upload it again if you still want it converted.",
  },
  Cancelled: {
    reportedBy: ["DELETE /api/conversions/{id}"],
    isRetried: false,
    message: "Somebody cancelled the conversion",
    hint: "To convert the file after all, retry the conversion or upload the file again.",
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
    reportedBy: ["the task script: NodeUnfit", "Batch: CommandProgramNotFound, CommandLaunchFailed"],
    isRetried: true,
    message: "The node lacks a program that the conversion needs",
    hint: "The pool's start task installs what WORKLOADS needed when the pool was created: delete the pool so that it is created anew, and retry the conversion.",
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
    message: "The node could not download the file",
    hint: "Check that the nodes can reach the storage account, and retry the conversion.",
  },
  UploadFailed: {
    reportedBy: ["Batch: FileUpload*", "our check of the staged result's size"],
    isRetried: true,
    message: "The node could not store the result",
    hint: "Read fileuploaderr.txt of the task in Azure Batch, and retry the conversion.",
  },
  CopyTimedOut: {
    reportedBy: ["our wait for Azure Storage to copy the result, after an hour"],
    isRetried: false,
    message: "Azure Storage did not finish copying the result to the output container",
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
    hint: "Upload fewer files at a time or ask for a higher limit, and retry the conversion.",
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
} satisfies Readonly<Record<string, FailureKind>>;

/** A failure of this kind, in the reporter's words where it has some. */
export function failureOf(code: FailureCode, message?: string): Failure {
  const kind = FAILURES[code];
  return { code, message: message ?? kind.message, hint: kind.hint };
}

export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code);
}

/** Whether another attempt may end better. A workload's own failures are those of a blob, which stays as it is. */
export function isRetried({ code }: Failure): boolean {
  return isFailureCode(code) && FAILURES[code].isRetried;
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
