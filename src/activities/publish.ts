import type { CompletedTask, Submission } from "../model/batchTask.ts";
import type { Attempt, ConversionRecord } from "../model/conversion.ts";
import { ConflictError } from "../model/errors.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { succeededRecord } from "../results/record.ts";
import { readReport, removeTraces, stagedBlobs } from "../results/staging.ts";
import type { Target, Targets } from "../results/targets.ts";
import {
  METADATA,
  findTargets,
  isResultOf,
  readRecord,
  resultMetadata,
  withdrawResult,
  writeRecord,
} from "../results/targets.ts";
import { judge } from "../results/verdict.ts";
import type { BlobAddress, BlobProperties, Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import type { Workload } from "../workloads/workload.ts";

export interface PublishInput extends Attempt {
  readonly submission: Submission;
  readonly completed: CompletedTask;
}

type PublishOutput =
  | { readonly status: "published"; readonly record: ConversionRecord }
  | { readonly status: "superseded" }
  /** Azure Storage is still copying: call again. */
  | { readonly status: "copying" }
  | { readonly status: "rejected"; readonly failure: Failure };

/**
 * Checks what the task has staged and, only if all of it is right, copies it to the output container and writes the
 * record. Calling it again, or twice at once, ends with the same blobs.
 */
export async function publish(services: Services, input: PublishInput): Promise<PublishOutput> {
  const { blobs, config, now } = services;
  const { conversionId, source, attempt, completed, submission } = input;
  const workload = workloadNamed(input.workload);
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  const tidyUp = (): Promise<void> => removeTraces(services, conversionId, attempt, submission.task);

  const targets = await findTargets(services, workload, source);
  const earlier = await readRecord(services, targets);
  if (isSuccessOf(earlier, conversionId)) {
    await tidyUp();
    return { status: "published", record: earlier };
  }
  // The sweep has recorded this attempt as cancelled.
  if (earlier?.conversionId === conversionId && earlier.error !== null && earlier.attempts >= attempt) {
    return { status: "rejected", failure: earlier.error };
  }

  const [current, result, report] = await Promise.all([
    blobs.properties(source),
    blobs.properties(staged.result),
    readReport(blobs, staged),
  ]);
  if (current === undefined) return { status: "rejected", failure: failureOf("InputMissing") };
  if (current.eTag !== source.eTag) {
    await withdrawResult(services, workload, input);
    await tidyUp();
    return { status: "superseded" };
  }
  const limitSeconds = submission.convertingSeconds;
  const verdict = judge(workload, { task: completed, limitSeconds, report, stagedBytes: result?.sizeBytes });
  if (!verdict.isGood) {
    // A faster call may have published the result meanwhile, and cleared the staging container.
    const published = await readRecord(services, await findTargets(services, workload, source));
    if (isSuccessOf(published, conversionId)) return { status: "published", record: published };
    return { status: "rejected", failure: verdict.failure };
  }

  const copied = await copyResult(services, input, { address: staged.result, found: result }, targets.result);
  if (copied === "copying") return { status: "copying" };
  await blobs.copy(staged.stderr, targets.log.address, {}, targets.log.unchanged);
  const facts = { ...input, inputSizeBytes: current.sizeBytes, review: verdict.review, recordedAt: now() };
  const { address } = targets.result;
  const record = succeededRecord(facts, { ...address, url: blobs.url(address), sizeBytes: verdict.sizeBytes });
  await recordSuccess(services, workload, targets, record);
  await tidyUp();
  return { status: "published", record };
}

function isSuccessOf(
  record: ConversionRecord | undefined,
  conversionId: string,
): record is ConversionRecord & { readonly status: "succeeded" } {
  return record?.conversionId === conversionId && record.status === "succeeded";
}

/** A record that somebody else wrote meanwhile decides. Unless it says the same, the result must not stay beside it. */
async function recordSuccess(
  services: Services,
  workload: Workload,
  targets: Targets,
  record: ConversionRecord,
): Promise<void> {
  try {
    await writeRecord(services, targets, record);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    const { conversionId, input: source } = record;
    const winner = await readRecord(services, await findTargets(services, workload, source));
    if (isSuccessOf(winner, conversionId)) return;
    await withdrawResult(services, workload, { conversionId, source, attempt: record.attempts });
    throw error;
  }
}

/** Starts the copy, unless an earlier call has; starts it again if that one came to nothing. */
async function copyResult(
  { blobs }: Services,
  { conversionId, workload, source, attempt }: Attempt,
  staged: { readonly address: BlobAddress; readonly found: BlobProperties | undefined },
  target: Target,
): Promise<"copied" | "copying"> {
  const { address, found, unchanged } = target;
  if (found?.metadata[METADATA.attempt] === String(attempt) && isResultOf(target, conversionId)) {
    if (found.isCopying) return "copying";
    if (found.sizeBytes === staged.found?.sizeBytes) return "copied";
  }
  const { resultType } = workloadNamed(workload);
  const eTag =
    staged.found?.contentType === resultType
      ? staged.found.eTag
      : await blobs.setContentType(staged.address, resultType, staged.found);
  const outcome = await blobs.copy(
    { ...staged.address, eTag },
    address,
    resultMetadata(source, conversionId, attempt),
    unchanged,
  );
  if (outcome === "sourceChanged") throw new ConflictError("The staged result was replaced after it had been checked");
  return outcome;
}
