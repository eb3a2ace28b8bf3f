/** One version of one blob: the same event twice is one conversion, a re-uploaded blob is another. */
export interface BlobVersion {
  readonly container: string;
  readonly name: string;
  /** Without quotes, as `normalizeETag` makes it. */
  readonly eTag: string;
}

/** What a conversion is doing now. */
export type ConversionPhase = "preparing" | "waiting" | "converting" | "publishing" | "finished";

/** The external event that cancels a running conversion. */
export const CANCEL_EVENT = "cancel";

/** How a conversion ended. A superseded one writes no record: the record is that of the newest version. */
export type ConversionOutcome = "succeeded" | "failed" | "cancelled" | "superseded";

/** Stable reasons of a failed conversion; a user or a pipeline can branch on them. */
export type FailureCode =
  | "AccessExpired"
  | "Cancelled"
  | "ConversionTimedOut"
  | "CopyTimedOut"
  | "DiskFull"
  | "DownloadFailed"
  | "FfmpegFailed"
  | "InputMissing"
  | "InternalError"
  | "Misconfigured"
  | "NoAudioStream"
  | "NoCapacity"
  | "NodeLost"
  | "NodeUnfit"
  | "NodeUnusable"
  | "OutputMismatch"
  | "QuotaExceeded"
  | "StartTaskFailed"
  | "Throttled"
  | "UnreadableInput"
  | "UploadFailed";

export interface Failure {
  readonly code: FailureCode;
  /** What happened, in words for a person. */
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}

/** The audio stream of the source that was converted, as ffprobe describes it. */
export interface AudioStream {
  /** Index among all streams of the file. */
  readonly index: number;
  readonly codec: string;
  readonly language: string | null;
  readonly channels: number;
  readonly sampleRateHz: number;
}

/** The versioned JSON beside each MP3, `<mp3 name>.json`: the answer to "what became of my file?". */
export interface ConversionRecord {
  readonly schemaVersion: 1;
  readonly status: "succeeded" | "failed" | "cancelled";
  readonly conversionId: string;
  readonly input: BlobVersion & {
    readonly sizeBytes: number | null;
    readonly durationSeconds: number | null;
    readonly audioStream: AudioStream | null;
  };
  readonly output: {
    readonly container: string;
    readonly name: string;
    readonly url: string;
    readonly sizeBytes: number;
    readonly durationSeconds: number;
    readonly bitrateKbps: number;
  } | null;
  /** Set exactly when the status is not `succeeded`. */
  readonly error: (Failure & { readonly logBlob: string | null }) | null;
  /** ISO 8601, UTC; null where a phase was never reached. */
  readonly times: {
    readonly startedAt: string;
    readonly submittedAt: string | null;
    readonly convertingAt: string | null;
    readonly convertedAt: string | null;
    readonly recordedAt: string;
  };
  /** How often the conversion was tried. */
  readonly attempts: number;
  /** The Batch task of the last attempt; null when none was added. */
  readonly batch: {
    readonly poolId: string;
    readonly jobId: string;
    readonly taskId: string;
    readonly nodeId: string | null;
  } | null;
  readonly ffmpegVersion: string | null;
}

/** The body of `GET /api/conversions/{id}`. */
export interface ConversionView {
  readonly id: string;
  readonly status: "running" | ConversionOutcome;
  readonly phase: ConversionPhase;
  /** Of the running phase; null where it is not known. */
  readonly percent: number | null;
  /** Why the conversion waits, while it waits. */
  readonly waitReason: string | null;
  readonly input: BlobVersion;
  readonly attempt: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly record: ConversionRecord | null;
}

/** Longest blob name, https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
export const MAX_BLOB_NAME_LENGTH = 1024;

/** Whether a blob of this name is converted; others are ignored. */
export function isMp4Name(name: string): boolean {
  return /\.mp4$/i.test(name);
}

/** The last `4` becomes `3` and nothing else changes, so no two inputs ever share an output. */
export function mp3NameFor(mp4Name: string): string {
  if (!isMp4Name(mp4Name)) throw new RangeError(`"${mp4Name}" does not end in .mp4`);
  return `${mp4Name.slice(0, -1)}3`;
}

/** Drops the quotes and the weak mark: services and their libraries write the same ETag both ways. */
export function normalizeETag(eTag: string): string {
  return eTag.replace(/^W\//, "").replaceAll('"', "");
}
