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
  /** What reports it: an outcome of a task script, a code of Azure Batch, or our own check. */
  readonly reportedBy: readonly string[];
  /** Whether another attempt may go better. */
  readonly isRetried: boolean;
}

/** How many attempts a conversion gets when its failures are retried. */
export const MAX_ATTEMPTS = 3;

export const FAILURES = {
  InputMissing: {
    reportedBy: ["Storage: the blob is gone"],
    isRetried: false,
    message: "The file was deleted before its conversion ended",
    hint: "Upload it again if you still want it converted.",
  },
  InputTooLarge: {
    reportedBy: ["our check of the file's size against the disk of a node"],
    isRetried: false,
    message: "The file is too large for the disk of a node",
    hint: "Use a BATCH_VM_SIZE with a larger temporary disk or fewer BATCH_TASK_SLOTS_PER_NODE, or set NODE_DISK_GB if the nodes have more than that, then retry the conversion.",
  },
  BadOptions: {
    reportedBy: ["our check of the options in the file's metadata"],
    isRetried: false,
    message: "An option in the metadata of the file is wrong",
    hint: "Correct the metadata of the file, which converts it anew, or upload it again with other options.",
  },
  Cancelled: {
    reportedBy: ["DELETE /api/conversions/{id}", "an operator's terminate, seen by the sweep"],
    isRetried: false,
    message: "Somebody cancelled the conversion",
    hint: "To convert the file after all, retry the conversion or upload the file again.",
  },
  ConversionTimedOut: {
    reportedBy: ["Batch: TaskEnded, at the task's time limit", "our converting deadline"],
    isRetried: false,
    message: "The conversion took longer than allowed",
    hint: "Raise CONVERTING_TIMEOUT_MINUTES or use a faster BATCH_VM_SIZE, then retry the conversion.",
  },
  NoCapacity: {
    reportedBy: ["our waiting deadline"],
    isRetried: false,
    message: "The queue stood still: no Azure Batch node took the task",
    hint: "See in Azure Batch why the pool has no node at work, or raise WAITING_TIMEOUT_MINUTES, then retry the conversion.",
  },
  QuotaExceeded: {
    reportedBy: [
      "our waiting deadline, with a resize error of the pool: …QuotaReached",
      "Batch: …QuotaReached, until our waiting deadline",
    ],
    isRetried: false,
    message: "The Batch account has no quota left",
    hint: "Request more quota for the Batch account in the Azure portal, then retry the conversion.",
  },
  StartTaskFailed: {
    reportedBy: ["our waiting deadline, with nodes whose start task failed"],
    isRetried: false,
    message: "The pool's start task failed on its nodes",
    hint: "Read startup/stderr.txt of a node in Azure Batch, repair the pool or delete it, then retry the conversion.",
  },
  NodeUnusable: {
    reportedBy: ["our waiting deadline, with unusable nodes"],
    isRetried: false,
    message: "The nodes of the pool are unusable",
    hint: "Remove the nodes in Azure Batch, then retry the conversion.",
  },
  NodeLost: {
    reportedBy: ["Batch: the task is gone, its job is closed, or the node was lost with it"],
    isRetried: true,
    message: "The node or the task was lost",
    hint: "Check the pool in Azure Batch, then retry the conversion.",
  },
  ScriptFailed: {
    reportedBy: [
      "Batch: an exit code of the task script, without the report that it owes",
      "the task: the script it was given is not ours",
    ],
    isRetried: true,
    message: "The task script ended without a report",
    hint: "The log of the task says why; the node may have been short of memory or disk. Then retry the conversion.",
  },
  NodeUnfit: {
    reportedBy: ["the task script: NodeUnfit", "Batch: CommandProgramNotFound, CommandLaunchFailed"],
    isRetried: true,
    message: "The node lacks a program that the conversion needs",
    hint: "The pool's start task installs what WORKLOADS needed when the pool was created. Delete the pool, so that the app creates it again, then retry the conversion.",
  },
  DiskFull: {
    reportedBy: ["the task script: DiskFull", "Batch: DiskFull"],
    isRetried: true,
    message: "The node's disk was full",
    hint: "Use a BATCH_VM_SIZE with a larger temporary disk or fewer BATCH_TASK_SLOTS_PER_NODE, then retry the conversion.",
  },
  DownloadFailed: {
    reportedBy: ["Batch: BlobNotFound, BlobDownload*, ResourceContainer*, Resource*Failed"],
    isRetried: true,
    message: "The node could not download the file",
    hint: "Check that the nodes can reach the storage account, then retry the conversion.",
  },
  UploadFailed: {
    reportedBy: ["Batch: FileUpload*", "our check of the staged result's size"],
    isRetried: true,
    message: "The node could not store the result",
    hint: "Read fileuploaderr.txt of the task in Azure Batch, then retry the conversion.",
  },
  CopyTimedOut: {
    reportedBy: ["our wait for Azure Storage to copy the result, after an hour"],
    isRetried: false,
    message: "Azure Storage did not finish copying the result to the output container",
    hint: "Check the health of the storage account, then retry the conversion.",
  },
  OutputLocked: {
    reportedBy: ["Storage: LeaseIdMissing, BlobImmutableDueToPolicy, for hours"],
    isRetried: false,
    message: "A blob in the output container is locked by a lease or an immutability policy",
    hint: "Break the lease, or let the policy of the output container expire, then retry the conversion.",
  },
  AccessExpired: {
    reportedBy: ["Batch: BlobAccessDenied, ResourceContainerAccessDenied, FileUploadAccessDenied"],
    isRetried: true,
    message: "The task's access to the storage account had expired or was refused",
    hint: "Check the keys, firewall and roles of the storage account, then retry the conversion.",
  },
  Throttled: {
    reportedBy: ["Batch or Storage: 429 or 503, until a deadline of ours"],
    isRetried: false,
    message: "A service refused requests because there were too many",
    hint: "Upload fewer files at a time or request a higher limit, then retry the conversion.",
  },
  Misconfigured: {
    reportedBy: ["Batch or Storage: a refusal of our sign-in or of a setting, until a deadline of ours"],
    isRetried: false,
    message: "A setting or a role of the app is wrong",
    hint: "Correct what the message names (sign-in, role, image, VM size, pool), then retry the conversion.",
  },
  InternalError: {
    reportedBy: ["anything else"],
    isRetried: true,
    message: "Something failed that should not have",
    hint: "Retry the conversion. If it fails again, report the message as a bug.",
  },
} satisfies Readonly<Record<string, FailureKind>>;

/** A failure with this code, in the reporter's words if it has any. */
export function failureOf(code: FailureCode, message?: string): Failure {
  const kind = FAILURES[code];
  return { code, message: message ?? kind.message, hint: kind.hint };
}

export function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code);
}

/** A workload's own failures are not: the blob is to blame, and stays as it is. */
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

/** What the failure of a Batch task means for the conversion. */
export function codeOfBatchFailure(batchCode: string): FailureCode {
  return BATCH_CODES.find(([pattern]) => pattern.test(batchCode))?.[1] ?? "NodeLost";
}
