import type { BlobVersion, ConversionRecord, Failure } from "../../model/conversion.ts";

/** What can go wrong on the way to the app and back; the app's own failures are in its records. */
export type ClientFailureCode =
  | "DownloadFailed"
  | "NoRecord"
  | "NotPickedUp"
  | "StackStopped"
  | "StorageUnreachable"
  | "Superseded"
  | "TimedOut"
  | "UploadFailed";

/** A record of the app, or, where there is none, what a record would have said. */
export type ConversionAnswer = Omit<ConversionRecord, "error"> & {
  readonly error: (Omit<Failure, "code"> & { readonly code: string; readonly logBlob: string | null }) | null;
};

/** One conversion cannot be brought to its end; the others go on. */
export class ClientFailure extends Error {
  override readonly name = "ClientFailure";
  readonly code: ClientFailureCode;
  readonly hint: string;

  constructor(code: ClientFailureCode, message: string, hint: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** `record` is set where only what came after the conversion failed. */
export function failedAnswer(
  { code, message, hint }: ClientFailure,
  blob: BlobVersion,
  facts: { conversionId: string; sizeBytes: number; startedAt: string; record: ConversionRecord | undefined },
): ConversionAnswer {
  const error = { code, message, hint, logBlob: null };
  if (facts.record !== undefined) return { ...facts.record, status: "failed", error };
  return {
    schemaVersion: 1,
    status: code === "Superseded" ? "cancelled" : "failed",
    conversionId: facts.conversionId,
    input: { ...blob, sizeBytes: facts.sizeBytes, durationSeconds: null, audioStream: null },
    output: null,
    error,
    times: {
      startedAt: facts.startedAt,
      submittedAt: null,
      convertingAt: null,
      convertedAt: null,
      recordedAt: new Date().toISOString(),
    },
    attempts: 0,
    batch: null,
    workload: "mp3",
    tools: {},
  };
}
