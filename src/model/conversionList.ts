import type { BlobVersion, ConversionPhase } from "./conversion.ts";
import type { Failure } from "./failures.ts";

/** A superseded conversion is in no list: its file is that of the newer one. */
export const LISTED_STATUSES = ["running", "succeeded", "failed", "cancelled"] as const;

export type ListedStatus = (typeof LISTED_STATUSES)[number];

/** What a list says of a conversion. */
export interface ConversionSummary {
  readonly id: string;
  readonly status: ListedStatus;
  readonly workload: string;
  readonly input: BlobVersion;
  /** When the upload was noticed: its conversion was started at that moment. ISO 8601, UTC, as every time here. */
  readonly uploadedAt: string;
  /** Null while it runs. */
  readonly endedAt: string | null;
  /** Of the input; null where it is not known. */
  readonly sizeBytes: number | null;
  readonly phase: ConversionPhase;
  /** Of the running phase; null where it is not known. */
  readonly percent: number | null;
  /** Why it waits, while it waits. */
  readonly waitReason: string | null;
  readonly waitingSince: string | null;
  readonly attempt: number;
  /** Set when it has failed or was cancelled. */
  readonly error: Failure | null;
  /** Set when it has succeeded. */
  readonly output: { readonly name: string; readonly sizeBytes: number | null } | null;
}

/** The body of `GET /api/conversions`. */
export interface ConversionList {
  /** The newest upload first. May be few or none although there is a continuation. */
  readonly conversions: readonly ConversionSummary[];
  /** Of all whose name and time were asked for, whatever their status and code. */
  readonly counts: ConversionCounts;
  readonly lastHour: { readonly minutes: readonly MinuteCounts[] };
  /** Where the list goes on; null at its end. */
  readonly continuation: string | null;
}

export interface ConversionCounts extends Readonly<Record<ListedStatus, number>> {
  /** False where there are so many that only the newest were counted. */
  readonly isComplete: boolean;
}

/** How many conversions ended in a minute. */
export interface MinuteCounts {
  /** When the minute began. */
  readonly at: string;
  readonly succeeded: number;
  readonly failed: number;
}

/** The body of the answer to `POST /api/conversions/retry`. */
export interface RetriedConversions {
  readonly started: number;
  /** Of those that were started. */
  readonly ids: readonly string[];
  readonly refused: readonly { readonly id: string; readonly code: string }[];
  /** To be sent with the next request, which goes on; null when all have been seen. */
  readonly continuation: string | null;
}
