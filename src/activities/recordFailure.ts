import type { AddedTask, CompletedTask } from "../model/batchTask.ts";
import type { Attempt, ConversionRecord } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import { failedRecord } from "../results/record.ts";
import type { StagedBlobs } from "../results/staging.ts";
import { readReport, removeTraces, stagedBlobs } from "../results/staging.ts";
import { METADATA, findTargets, readRecord, withdrawResult, writeRecord } from "../results/targets.ts";
import type { Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";

export interface RecordFailureInput extends Attempt {
  readonly submission: AddedTask | null;
  readonly completed: CompletedTask | null;
  readonly failure: Failure;
}

type RecordFailureOutput =
  /** `isNew`: it was written just now, not by an earlier call. */
  | { readonly status: "recorded"; readonly record: ConversionRecord; readonly isNew: boolean }
  | { readonly status: "superseded" };

/**
 * Writes the record of a failed conversion with the task's log beside it, unless a newer version of the input has come.
 * Ends the task if it is still running. Calling this again ends with the same blobs.
 */
export async function recordFailure(services: Services, input: RecordFailureInput): Promise<RecordFailureOutput> {
  const { batch, config } = services;
  const { conversionId, attempt, submission } = input;
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  const output = await writeUnlessSuperseded(services, input, staged);
  // The record comes first. It decides against a `publish` that runs at the same moment, and no conversion must be left
  // without one because Batch is down. The result goes last: once its source is gone, nobody can copy it again.
  const hasFailed = output.status === "superseded" || output.record.status !== "succeeded";
  if (submission !== null && input.completed === null) await Promise.allSettled([batch.terminateTask(submission.task)]);
  await removeTraces(services, conversionId, attempt, null);
  if (hasFailed) await withdrawResult(services, workloadNamed(input.workload), input);
  return output;
}

async function writeUnlessSuperseded(
  services: Services,
  input: RecordFailureInput,
  staged: StagedBlobs,
): Promise<RecordFailureOutput> {
  const { blobs, now } = services;
  const { conversionId, source, attempt } = input;
  const workload = workloadNamed(input.workload);
  const targets = await findTargets(services, workload, source);
  const earlier = await readRecord(services, targets);
  if (earlier?.conversionId === conversionId && (earlier.status === "succeeded" || earlier.attempts >= attempt)) {
    return { status: "recorded", record: earlier, isNew: false };
  }

  const [current, log, report] = await Promise.all([
    blobs.properties(source),
    blobs.properties(staged.stderr),
    readReport(blobs, staged),
  ]);
  if (current !== undefined && current.eTag !== source.eTag) return { status: "superseded" };
  // The input is gone, so only the record can tell that a newer version came and ended.
  if (current === undefined && earlier !== undefined && earlier.times.startedAt > input.startedAt) {
    return { status: "superseded" };
  }

  if (log !== undefined) await blobs.copy(staged.stderr, targets.log.address, {}, targets.log.unchanged);
  else if (targets.log.found !== undefined) await blobs.delete(targets.log.address, targets.log.unchanged);
  const review = report === undefined ? null : workload.review(report);
  const facts = { ...input, inputSizeBytes: current?.sizeBytes ?? null, review, recordedAt: now() };
  const record = failedRecord(facts, input.failure, log === undefined ? null : targets.log.address.name);
  const kept =
    earlier?.status === "succeeded" ? earlier.conversionId : targets.record.found?.metadata[METADATA.keptResult];
  await writeRecord(services, targets, record, kept);
  return { status: "recorded", record, isNew: true };
}
