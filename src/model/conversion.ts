import type { TaskRef } from "./batchTask.ts";
import type { Failure } from "./failures.ts";
import type { UsedOptions } from "./options.ts";

/** One version of one blob: the same event twice is one conversion, an uploaded replacement is another. */
export interface BlobVersion {
  readonly container: string;
  readonly name: string;
  /** Without quotes, as `normalizeETag` makes it. */
  readonly eTag: string;
}

/** What is true of a version of a blob for as long as it is there. */
export interface VersionFacts {
  readonly sizeBytes: number;
  /** ISO 8601. */
  readonly lastModified: string;
  /** Of its metadata, what may choose options. The rest is nobody's business, and may be long. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What one workload makes of one version of one blob. */
export interface Conversion {
  /** Name of the workload. */
  readonly workload: string;
  readonly source: BlobVersion;
}

/** One of the attempts at a conversion. */
export interface Attempt extends Conversion {
  readonly conversionId: string;
  /** Counted from 1, over all runs of the conversion. */
  readonly attempt: number;
  /** When the conversion was first started. */
  readonly startedAt: string;
}

/** What a conversion is doing now. */
export type ConversionPhase = "preparing" | "waiting" | "converting" | "publishing" | "finished";

/** The external event that cancels a running conversion. */
export const CANCEL_EVENT = "cancel";

/** The external event that says that a task of a conversion has ended, or is about to: its report is there. */
export const TASK_ENDED_EVENT = "taskEnded";

/** How a conversion ended. A superseded one leaves no record: the record is that of the newer version. */
export type ConversionOutcome = "succeeded" | "failed" | "cancelled" | "superseded";

/** What a workload has found out, in its own terms. */
export type Facts = Readonly<Record<string, unknown>>;

/** How those are told of the end of a conversion who want to be. */
export type Channel = "queue" | "webhook";

/** Who was not told of the end of a conversion, and will not be. */
export interface Untold {
  readonly channel: Channel;
  /** `givenUp`: it could not be reached, or did not take the message, for about a day. */
  readonly status: "refused" | "givenUp";
  /** Null where there was no answer. */
  readonly httpStatus: number | null;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** The versioned JSON beside each result, `<result name>.json`: the answer to "what became of my file?". */
export interface ConversionRecord<InputFacts = Facts, OutputFacts = Facts> {
  readonly schemaVersion: 1;
  readonly status: "succeeded" | "failed" | "cancelled";
  readonly conversionId: string;
  /** Its name. */
  readonly workload: string;
  readonly input: BlobVersion & { readonly sizeBytes: number | null } & Partial<InputFacts>;
  readonly output:
    | ({
        readonly container: string;
        readonly name: string;
        readonly url: string;
        readonly sizeBytes: number;
      } & OutputFacts)
    | null;
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
  readonly batch: (TaskRef & { readonly nodeId: string | null }) | null;
  /** Versions of the programs that the task used. */
  readonly tools: Readonly<Record<string, string>>;
  /**
   * What was used, by name of the option, whether the file's metadata or the settings of the app say it. Null when no task
   * was added, or it is not known which; an earlier version of the app gives none.
   */
  readonly options?: UsedOptions | null;
  /** Left out when all were told who wanted to be, which is known some time after the conversion has ended. */
  readonly notifications?: readonly Untold[];
}

/** The body of `GET /api/conversions/{id}`. */
export interface ConversionView {
  readonly id: string;
  readonly status: "running" | ConversionOutcome;
  readonly phase: ConversionPhase;
  /** Of the running phase; null where it is not known. */
  readonly percent: number | null;
  /** Why the conversion waits, while it waits: its place in the queue, what stands in its way. */
  readonly waitReason: string | null;
  /** Since when it has been waiting; null while it does not. */
  readonly waitingSince: string | null;
  readonly workload: string;
  readonly input: BlobVersion;
  readonly attempt: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly record: ConversionRecord | null;
}

/** Drops the quotes and the weak mark: services and their libraries write the same ETag both ways. */
export function normalizeETag(eTag: string): string {
  return eTag.replace(/^W\//, "").replaceAll('"', "");
}
