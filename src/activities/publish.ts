import type { CompletedTask, Submission } from "../model/batchTask.ts";
import type { Conversion, ConversionRecord, Failure } from "../model/conversion.ts";
import { ConflictError } from "../model/errors.ts";
import { failureOf } from "../model/failures.ts";
import { succeededRecord } from "../results/record.ts";
import type { BlobProperties, Services } from "../services.ts";
import type { StagedBlobs } from "../results/staging.ts";
import { readReport, removeTraces, stagedBlobs } from "../results/staging.ts";
import type { Targets } from "../results/targets.ts";
import { findTargets, readRecord, withdrawResult, writeRecord } from "../results/targets.ts";
import { judge } from "../results/verdict.ts";
import { workloadNamed } from "../workloads/index.ts";

export interface PublishInput extends Conversion {
  readonly conversionId: string;
  readonly attempt: number;
  readonly startedAt: string;
  readonly submission: Submission;
  readonly completed: CompletedTask;
}

export type PublishOutput =
  | { readonly status: "published"; readonly record: ConversionRecord }
  | { readonly status: "superseded" }
  /** The storage service is still at it: call again. */
  | { readonly status: "copying" }
  | { readonly status: "rejected"; readonly failure: Failure };

/**
 * Checks what the task has staged and, only if all of it is right, copies it to the output container and writes the
 * record. Calling it again, or twice at once, ends in the same blobs.
 */
export async function publish(services: Services, input: PublishInput): Promise<PublishOutput> {
  const { blobs, config, now } = services;
  const { conversionId, source, attempt, completed, submission } = input;
  const workload = workloadNamed(input.workload);
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  const tidyUp = (): Promise<void> => removeTraces(services, conversionId, attempt, submission.task);

  const targets = await findTargets(services, workload, source);
  const earlier = await readRecord(services, targets);
  if (earlier?.conversionId === conversionId && earlier.status === "succeeded") {
    await tidyUp();
    return { status: "published", record: earlier };
  }

  const [current, result, report] = await Promise.all([
    blobs.properties(source),
    blobs.properties(staged.result),
    readReport(blobs, staged),
  ]);
  if (current === undefined) return { status: "rejected", failure: failureOf("InputMissing") };
  if (current.eTag !== source.eTag) {
    await withdrawResult(services, targets, conversionId);
    await tidyUp();
    return { status: "superseded" };
  }
  const verdict = judge(workload, completed, submission.convertingSeconds, report, result?.sizeBytes);
  if (!verdict.isGood) return { status: "rejected", failure: verdict.failure };

  if (await isStillCopying(services, input, staged, result, targets)) return { status: "copying" };
  await blobs.copy(staged.stderr, targets.log.address, {}, targets.log.unchanged);
  const facts = {
    ...input,
    attempts: attempt,
    inputSizeBytes: current.sizeBytes,
    review: verdict.review,
    recordedAt: now(),
  };
  const { address } = targets.result;
  const record = succeededRecord(facts, { ...address, url: blobs.url(address), sizeBytes: verdict.sizeBytes });
  await writeRecord(services, targets, record);
  await tidyUp();
  return { status: "published", record };
}

/** Starts the copy unless an earlier call has, and starts it anew when that came to nothing. */
async function isStillCopying(
  { blobs }: Services,
  { conversionId, workload, source }: PublishInput,
  staged: StagedBlobs,
  original: BlobProperties | undefined,
  { result: { address, found, unchanged } }: Targets,
): Promise<boolean> {
  const isOurs = found?.metadata["conversionid"] === conversionId;
  if (isOurs && (found.isCopying || found.sizeBytes === original?.sizeBytes)) return found.isCopying;

  const { resultType } = workloadNamed(workload);
  const eTag =
    original?.contentType === resultType
      ? original.eTag
      : await blobs.setContentType(staged.result, resultType, original);
  const outcome = await blobs.copy({ ...staged.result, eTag }, address, metadataOf(source, conversionId), unchanged);
  if (outcome === "sourceChanged") throw new ConflictError("The staged result was replaced after it had been judged");
  return outcome === "copying";
}

/** Metadata travels in HTTP headers, so the name is percent-encoded; it may take all of the 8 KiB that there are. */
function metadataOf({ name, eTag }: Conversion["source"], conversionId: string): Record<string, string> {
  const sourcename = encodeURIComponent(name);
  return { ...(sourcename.length <= 4096 && { sourcename }), sourceetag: eTag, conversionid: conversionId };
}
