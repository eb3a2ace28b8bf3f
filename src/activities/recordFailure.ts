import type { AddedTask, CompletedTask, Submission } from "../model/batchTask.ts";
import type { Attempt, ConversionRecord } from "../model/conversion.ts";
import { ConflictError, StorageError } from "../model/errors.ts";
import type { Failure } from "../model/failures.ts";
import { carryOut, isInPlace } from "../results/carryOut.ts";
import { noteEnd } from "../results/conversionIndex.ts";
import type { Decision } from "../results/decision.ts";
import { decide, readDecision } from "../results/decision.ts";
import { failedRecord } from "../results/record.ts";
import { readReport, removeTraces, stagedBlobs } from "../results/staging.ts";
import type { Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import type { Review, TaskReport, Workload } from "../workloads/workload.ts";
import { isAnybodyTold } from "./startTelling.ts";

export interface RecordFailureInput extends Attempt {
  readonly submission: (AddedTask & Pick<Submission, "options">) | null;
  readonly completed: CompletedTask | null;
  readonly failure: Failure;
}

export type RecordFailureOutput =
  | {
      readonly status: "recorded";
      readonly record: ConversionRecord;
      /** It was written just now, not by an earlier call. */
      readonly isNew: boolean;
      /** Set where somebody wants to know. */
      readonly isToBeTold?: true;
    }
  | { readonly status: "superseded" };

/**
 * Decides that the conversion has failed and writes its record, with the task's log beside it. A success that was decided
 * before is completed instead. Calling this again ends with the same blobs.
 */
export async function recordFailure(services: Services, input: RecordFailureInput): Promise<RecordFailureOutput> {
  const output = await conclude(services, input);
  const isRecorded = output.status === "recorded";
  await Promise.all([
    isRecorded ? noteEnd(services, output.record, output.isNew) : undefined,
    removeTraces(services, input.conversionId, input.attempt, null),
  ]);
  return isRecorded && isAnybodyTold(services) ? { ...output, isToBeTold: true } : output;
}

async function conclude(services: Services, input: RecordFailureInput): Promise<RecordFailureOutput> {
  const known = await readDecision(services, input.conversionId);
  const isDecidedGood = known !== undefined && known.decision.result !== null;
  if (isDecidedGood) {
    const published = await tryToPublish(services, input, known.decision);
    if (published !== undefined) return published;
  }
  const proposal = { record: await describeFailure(services, input), result: null };
  const decision = await decide(services, proposal, known, { isSuccessImpossible: isDecidedGood });
  const done = await carryOut(services, decision);
  if (done.status === "recorded" || done.status === "superseded") return done;
  throw new ConflictError(`Another run has just decided that conversion ${input.conversionId} succeeded`);
}

/**
 * Undefined if the result cannot be put in its place: it is lost, still being copied, or its place is locked. Whoever
 * has cancelled the conversion need not wait for anything else that stands in the way. A result that is in its place
 * only lacks its record, and that of the failure would meet the same refusal.
 */
async function tryToPublish(
  services: Services,
  { failure }: RecordFailureInput,
  decision: Decision,
): Promise<RecordFailureOutput | undefined> {
  try {
    const done = await carryOut(services, decision);
    return done.status === "recorded" || done.status === "superseded" ? done : undefined;
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    const isHopeless = error.failureCode === "OutputLocked" || failure.code === "Cancelled";
    if (!isHopeless || (await isInPlace(services, decision))) throw error;
    return undefined;
  }
}

async function describeFailure(services: Services, input: RecordFailureInput): Promise<ConversionRecord> {
  const { blobs, config, now } = services;
  const { conversionId, source, attempt, failure } = input;
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  const [current, report] = await Promise.all([blobs.properties(source), readReport(blobs, staged)]);
  const inputSizeBytes = current?.eTag === source.eTag ? current.sizeBytes : null;
  const review = report === undefined ? null : tryToReview(workloadNamed(input.workload), report);
  return failedRecord({ ...input, inputSizeBytes, review, recordedAt: now() }, failure);
}

/** Null for a report that is not what the workload expects. The failure is recorded all the same. */
function tryToReview(workload: Workload, report: TaskReport): Review | null {
  try {
    return workload.review(report);
  } catch {
    return null;
  }
}
