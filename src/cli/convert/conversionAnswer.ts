import type { Conversion, ConversionRecord } from "../../model/conversion.ts";
import type { ClientFailure } from "./clientFailure.ts";

/** `record` is set if the conversion itself went well, and only what came after it failed. */
export function failedAnswer(
  { code, message, hint }: ClientFailure,
  { workload, source }: Conversion,
  facts: { conversionId: string; sizeBytes: number; startedAt: string; record: ConversionRecord | undefined },
): ConversionRecord {
  const error = { code, message, hint, logBlob: null };
  if (facts.record !== undefined) return { ...facts.record, status: "failed", error };
  return {
    schemaVersion: 1,
    status: code === "Superseded" ? "cancelled" : "failed",
    conversionId: facts.conversionId,
    workload,
    input: { ...source, sizeBytes: facts.sizeBytes },
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
    tools: {},
  };
}
