import type { BlobVersion, ConversionRecord, Failure } from "../model/conversion.ts";
import type { CompletedTask, TaskRef } from "../model/batchTask.ts";
import type { BlobAddress } from "../services.ts";
import type { TaskReport } from "../workloads/mp3/report.ts";

/** What is known of a conversion when it ends, however it ends. */
export interface ConversionFacts {
  readonly conversionId: string;
  readonly source: BlobVersion;
  readonly inputSizeBytes: number | null;
  readonly attempts: number;
  readonly startedAt: string;
  readonly submission: { readonly task: TaskRef; readonly submittedAt: string } | null;
  readonly completed: CompletedTask | null;
  readonly report: TaskReport | undefined;
  readonly recordedAt: Date;
}

export function succeededRecord(
  facts: ConversionFacts,
  output: BlobAddress & { readonly url: string } & NonNullable<TaskReport["result"]>,
): ConversionRecord {
  const { container, name, url, sizeBytes, durationSeconds, bitrateKbps } = output;
  const result = { container, name, url, sizeBytes, durationSeconds, bitrateKbps };
  return { schemaVersion: 1, status: "succeeded", ...baseOf(facts), output: result, error: null };
}

/** `logBlob` names ffmpeg's log in the output container; null where there is none. */
export function failedRecord(facts: ConversionFacts, failure: Failure, logBlob: string | null): ConversionRecord {
  const status = failure.code === "Cancelled" ? "cancelled" : "failed";
  return { schemaVersion: 1, status, ...baseOf(facts), output: null, error: { ...failure, logBlob } };
}

function baseOf(facts: ConversionFacts): Omit<ConversionRecord, "schemaVersion" | "status" | "output" | "error"> {
  const { source, report, submission, completed } = facts;
  return {
    conversionId: facts.conversionId,
    input: {
      container: source.container,
      name: source.name,
      eTag: source.eTag,
      sizeBytes: facts.inputSizeBytes,
      durationSeconds: report?.source?.durationSeconds ?? null,
      audioStream: report?.source?.audioStream ?? null,
    },
    times: {
      startedAt: facts.startedAt,
      submittedAt: submission?.submittedAt ?? null,
      convertingAt: completed?.startedAt ?? null,
      convertedAt: completed?.endedAt ?? null,
      recordedAt: facts.recordedAt.toISOString(),
    },
    attempts: facts.attempts,
    batch: submission && { ...submission.task, nodeId: completed?.nodeId ?? null },
    ffmpegVersion: report?.ffmpegVersion ?? null,
  };
}
