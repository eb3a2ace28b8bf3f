import type { AddedTask, CompletedTask, Submission } from "../model/batchTask.ts";
import type { Attempt, ConversionRecord } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import type { BlobAddress } from "../services.ts";
import type { Review } from "../workloads/workload.ts";

/** What is known about a conversion when it ends, however it ends. */
interface ConversionFacts extends Attempt {
  readonly inputSizeBytes: number | null;
  readonly submission: (AddedTask & Pick<Submission, "options">) | null;
  readonly completed: CompletedTask | null;
  /** Null when the task left no report. */
  readonly review: Review | null;
  readonly recordedAt: Date;
}

export function succeededRecord(
  facts: ConversionFacts,
  output: BlobAddress & { readonly url: string; readonly sizeBytes: number },
): ConversionRecord {
  const { container, name, url, sizeBytes } = output;
  const result = { container, name, url, sizeBytes, ...facts.review?.output };
  return { schemaVersion: 1, status: "succeeded", ...baseOf(facts), output: result, error: null };
}

/** It names no log: whoever writes it adds the name when the log is in the output container. */
export function failedRecord(facts: ConversionFacts, failure: Failure): ConversionRecord {
  const status = failure.code === "Cancelled" ? "cancelled" : "failed";
  return { schemaVersion: 1, status, ...baseOf(facts), output: null, error: { ...failure, logBlob: null } };
}

function baseOf(facts: ConversionFacts): Omit<ConversionRecord, "schemaVersion" | "status" | "output" | "error"> {
  const { source, review, submission, completed } = facts;
  return {
    conversionId: facts.conversionId,
    workload: facts.workload,
    input: { ...source, sizeBytes: facts.inputSizeBytes, ...review?.input },
    times: {
      startedAt: facts.startedAt,
      submittedAt: submission?.submittedAt ?? null,
      convertingAt: completed?.startedAt ?? null,
      convertedAt: completed?.endedAt ?? null,
      recordedAt: facts.recordedAt.toISOString(),
    },
    attempts: facts.attempt,
    batch: submission && { ...submission.task, nodeId: completed?.nodeId ?? null },
    tools: review?.tools ?? {},
    options: submission?.options ?? null,
  };
}
