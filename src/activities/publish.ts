import type { CompletedTask, Submission } from "../model/batchTask.ts";
import type { Attempt, ConversionRecord } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import type { CarriedOut } from "../results/carryOut.ts";
import { carryOut, carryOutOwn } from "../results/carryOut.ts";
import { noteEnd } from "../results/conversionIndex.ts";
import type { Decision } from "../results/decision.ts";
import { decide, readDecision } from "../results/decision.ts";
import { succeededRecord } from "../results/record.ts";
import { readReport, removeTraces, stagedBlobs } from "../results/staging.ts";
import { judge } from "../results/verdict.ts";
import type { BlobAddress, BlobProperties, CopySource, Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import { isAnybodyTold } from "./startTelling.ts";

export interface PublishInput extends Attempt {
  readonly submission: Submission;
  readonly completed: CompletedTask;
}

export type PublishOutput =
  /** `isToBeTold`: set where somebody wants to know. */
  | { readonly status: "published"; readonly record: ConversionRecord; readonly isToBeTold?: true }
  | { readonly status: "superseded" }
  /** Azure Storage is still copying: call again. */
  | { readonly status: "copying" }
  | { readonly status: "rejected"; readonly failure: Failure };

/**
 * Checks what the task has staged and, only if all of it is right, decides that the conversion has succeeded and brings
 * the result, the log and the record to the output container. Calling it again, or twice at once, ends with the same blobs.
 */
export async function publish(services: Services, input: PublishInput): Promise<PublishOutput> {
  const { blobs, config, now } = services;
  const { conversionId, source, attempt, completed, submission } = input;
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  const [current, found, report] = await Promise.all([
    blobs.properties(source),
    blobs.properties(staged.result),
    readReport(blobs, staged),
  ]);
  const workload = workloadNamed(input.workload);
  const limitSeconds = submission.convertingSeconds;
  const isCurrent = current?.eTag === source.eTag;
  const verdict = isCurrent
    ? judge(workload, { task: completed, limitSeconds, report, stagedBytes: found?.sizeBytes })
    : undefined;
  if (current === undefined || verdict?.isGood !== true || found === undefined) {
    // A faster run may have decided meanwhile, or even published the result and cleared the staging container.
    const decided = await publishDecided(services, input);
    if (decided !== undefined) return decided;
    if (current === undefined) return { status: "rejected", failure: failureOf("InputMissing") };
    if (verdict === undefined) {
      await removeTraces(services, conversionId, attempt, submission.task);
      return { status: "superseded" };
    }
    return { status: "rejected", failure: verdict.isGood ? failureOf("UploadFailed") : verdict.failure };
  }

  const result = await withType(services, staged.result, found, workload.resultType);
  const address = { container: config.containers.output, name: resultNamesFor(workload, source.name).result };
  const facts = { ...input, inputSizeBytes: current.sizeBytes, review: verdict.review, recordedAt: now() };
  const record = succeededRecord(facts, { ...address, url: blobs.url(address), sizeBytes: verdict.sizeBytes });
  const own = { record, result };
  const decision = await decide(services, own, undefined);
  const done = await (decision === own ? carryOutOwn(services, own) : carryOut(services, decision));
  return conclude(services, input, done, decision);
}

/** Carries out what an earlier run has decided of this attempt, or of a later one; undefined if none has. */
export async function publishDecided(
  services: Services,
  input: Omit<PublishInput, "completed">,
): Promise<PublishOutput | undefined> {
  const decided = (await readDecision(services, input.conversionId))?.decision;
  if (decided === undefined || decided.record.attempts < input.attempt) return undefined;
  return conclude(services, input, await carryOut(services, decided), decided);
}

/** What has become of what is decided: in general what this run has found, but a faster run may have decided something else. */
async function conclude(
  services: Services,
  input: Omit<PublishInput, "completed">,
  done: CarriedOut,
  decision: Decision,
): Promise<PublishOutput> {
  const { conversionId, submission } = input;
  switch (done.status) {
    case "copying":
      return done;
    case "lost":
      return {
        status: "rejected",
        failure: failureOf("UploadFailed", "The result was replaced or deleted after its check"),
      };
    case "recorded":
      if (done.record.error !== null) return { status: "rejected", failure: done.record.error };
      await Promise.all([
        noteEnd(services, done.record, done.isNew),
        removeTraces(services, conversionId, done.record.attempts, submission.task),
      ]);
      return { status: "published", record: done.record, ...(isAnybodyTold(services) && { isToBeTold: true }) };
    case "superseded":
      await removeTraces(services, conversionId, decision.record.attempts, submission.task);
      return done;
  }
}

/** The staged result with the media type of the workload's results, which its copy takes over. */
async function withType(
  { blobs }: Services,
  address: BlobAddress,
  found: BlobProperties,
  type: string,
): Promise<CopySource> {
  const eTag = found.contentType === type ? found.eTag : await blobs.setContentType(address, type, found);
  return { ...address, eTag, sizeBytes: found.sizeBytes };
}
