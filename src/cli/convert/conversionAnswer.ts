import type { BlobVersion, ConversionRecord } from "../../model/conversion.ts";
import { conversionIdOf } from "../../model/identity.ts";
import type { ClientFailure } from "./clientFailure.ts";
import type { Source } from "./sources.ts";

interface Facts {
  /** When this command began with the file. */
  readonly startedAt: string;
  /** Undefined if nothing was uploaded. */
  readonly blob?: BlobVersion | undefined;
  /** Set if the conversion itself went well, and only what came after it failed. */
  readonly record?: ConversionRecord | undefined;
}

/** What becomes of a file where the app has no record of it. */
export function failedAnswer(
  { code, message, hint }: ClientFailure,
  { workload, blobName, sizeBytes }: Source,
  inputContainer: string,
  { startedAt, blob, record }: Facts,
): ConversionRecord {
  const error = { code, message, hint, logBlob: null };
  if (record !== undefined) return { ...record, status: "failed", error };
  const source = blob ?? { container: inputContainer, name: blobName, eTag: "" };
  return {
    schemaVersion: 1,
    status: code === "Superseded" ? "cancelled" : "failed",
    conversionId: conversionIdOf(workload.name, source),
    workload: workload.name,
    input: { ...source, sizeBytes },
    output: null,
    error,
    times: {
      startedAt,
      submittedAt: null,
      convertingAt: null,
      convertedAt: null,
      recordedAt: new Date().toISOString(),
    },
    attempts: 0,
    batch: null,
    tools: {},
  };
}
