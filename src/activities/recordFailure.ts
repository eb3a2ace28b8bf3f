import type { BlobVersion, ConversionRecord, Failure } from "../conversion.ts";
import { failedRecord } from "../record.ts";
import type { CompletedTask } from "../batchTask.ts";
import type { Services } from "../services.ts";
import { clearStaging, readReport, stagedBlobs } from "../staging.ts";
import { findTargets, readRecord, writeRecord } from "../targets.ts";
import type { Submission } from "./submitTask.ts";

export interface RecordFailureInput {
  readonly conversionId: string;
  readonly source: BlobVersion;
  readonly attempt: number;
  readonly startedAt: string;
  readonly submission: Submission | null;
  readonly completed: CompletedTask | null;
  readonly failure: Failure;
}

export type RecordFailureOutput =
  | { readonly status: "recorded"; readonly record: ConversionRecord }
  | { readonly status: "superseded" };

/**
 * Writes the record of a failed conversion with ffmpeg's log beside it, unless a newer version of the input has come.
 * The task, if it still runs, is ended. Calling it again ends in the same blobs.
 */
export async function recordFailure(services: Services, input: RecordFailureInput): Promise<RecordFailureOutput> {
  const { blobs, batch, config, now } = services;
  const { conversionId, source, attempt, submission, failure } = input;
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  const clear = (): Promise<void> => clearStaging(blobs, config.containers.staging, conversionId, attempt);
  if (submission !== null && input.completed === null) await batch.terminateTask(submission.task);

  const targets = await findTargets(services, source);
  const earlier = await readRecord(services, targets);
  if (earlier?.conversionId === conversionId && earlier.attempts >= attempt) {
    await clear();
    return { status: "recorded", record: earlier };
  }

  const [current, log, report] = await Promise.all([
    blobs.properties(source),
    blobs.properties(staged.stderr),
    readReport(blobs, staged),
  ]);
  if (current !== undefined && current.eTag !== source.eTag) {
    await clear();
    return { status: "superseded" };
  }
  if (log !== undefined) await blobs.copy(staged.stderr, targets.log.address, {}, targets.log.unchanged);
  else if (targets.log.found !== undefined) await blobs.delete(targets.log.address);
  const facts = { ...input, attempts: attempt, inputSizeBytes: current?.sizeBytes ?? null, report, recordedAt: now() };
  const record = failedRecord(facts, failure, log === undefined ? null : targets.log.address.name);
  await writeRecord(services, targets, record);
  await clear();
  return { status: "recorded", record };
}
