import type { ConversionRecord } from "../model/conversion.ts";
import { ConflictError, StorageError } from "../model/errors.ts";
import type { CopySource, Services } from "../services.ts";
import type { Decision } from "./decision.ts";
import { stagedBlobs } from "./staging.ts";
import type { Target, Targets } from "./targets.ts";
import {
  METADATA,
  attemptOf,
  findTarget,
  findTargets,
  isNewer,
  isOf,
  metadataOf,
  resultMetadata,
  untouchedTargets,
} from "./targets.ts";

/** What has become of a decision. */
export type CarriedOut =
  /** `isNew`: the record was written just now, not by an earlier run. */
  | { readonly status: "recorded"; readonly record: ConversionRecord; readonly isNew: boolean }
  | { readonly status: "superseded" }
  /** Azure Storage is still copying the result. */
  | { readonly status: "copying" }
  /** The staged result is gone, or is no longer the one that was judged. */
  | { readonly status: "lost" };

/**
 * Carries out the success that this run has decided just now, having seen its version of the input before that. Most files
 * are converted for the first time, so the run does not look for a result, a log or a record, but has its writes fail if
 * there is one. Only then it looks: protocol.md.
 */
export async function carryOutOwn(
  services: Services,
  decision: Decision & { readonly result: CopySource },
): Promise<CarriedOut> {
  const { record, result } = decision;
  const targets = untouchedTargets(services, { workload: record.workload, source: record.input });
  try {
    return await write(services, targets, record, result);
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
  return carryOut(services, decision);
}

/**
 * Brings the output container to what was decided: the log, then the result, last the record. Any run may do this at any
 * time, and again: protocol.md says why they never harm each other. Throws a `ConflictError` when somebody else has
 * changed a target meanwhile; another run then sees what they did.
 */
export async function carryOut(services: Services, { record, result }: Decision): Promise<CarriedOut> {
  // The targets come before the input. An older version then either sees the newer input or fails a condition.
  const targets = await findTargets(services, { workload: record.workload, source: record.input });
  if (rankOf(targets.record, record.conversionId) >= rank(record)) return readStanding(services, targets.record);
  if (result === null) await abandonCopy(services, targets.result, record);
  const isPublished = isDone(targets.result, record, result);
  if (await isSuperseded(services, targets, record, isPublished)) {
    // What a copy reads from must stay until it is complete: the older result is gone already.
    if (result !== null && isUnderWay(targets.result, record)) return { status: "copying" };
    return { status: "superseded" };
  }

  return write(services, targets, record, result);
}

/** Writes the targets, each only if it still is as it was seen. */
async function write(
  services: Services,
  targets: Targets,
  record: ConversionRecord,
  result: CopySource | null,
): Promise<CarriedOut> {
  const copies = [
    copyLog(services, targets.log, record),
    result === null ? Promise.resolve("copied" as const) : copyResult(services, targets.result, record, result),
  ] as const;
  // None may still be under way when this ends, not even by an error: whoever looks next would be misled.
  await Promise.allSettled(copies);
  const [hasLog, copied] = await Promise.all(copies);
  if (copied !== "copied") return { status: copied };
  const complete = hasLog ? withLog(record, targets.log.address.name) : record;
  await writeRecord(services, targets.record, complete);
  services.metrics.countEnd(complete);
  return { status: "recorded", record: complete, isNew: true };
}

/** Writes the record of a failure again that has gone missing, unless there is another by now. */
export async function restoreRecord(services: Services, record: ConversionRecord): Promise<void> {
  const targets = await findTargets(services, { workload: record.workload, source: record.input });
  if (targets.record.found !== undefined) return;
  const hasLog = attemptOf(targets.log, record.conversionId) === record.attempts;
  try {
    await writeRecord(services, targets.record, withLog(record, hasLog ? targets.log.address.name : null));
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
  }
}

/** Whether the decided result is in its place, complete. */
export async function isInPlace(services: Services, { record, result }: Decision): Promise<boolean> {
  const targets = await findTargets(services, { workload: record.workload, source: record.input });
  return isDone(targets.result, record, result);
}

/** Records of one conversion replace each other in this order only: later attempts, and of one attempt its success. */
function rank({ attempts, status }: Pick<ConversionRecord, "attempts" | "status">): number {
  return 2 * attempts + (status === "succeeded" ? 1 : 0);
}

/** 0 if there is no record of the conversion. */
function rankOf(target: Target, conversionId: string): number {
  const attempts = attemptOf(target, conversionId);
  const status = target.found?.metadata[METADATA.status] as ConversionRecord["status"] | undefined;
  return attempts === undefined || status === undefined ? 0 : rank({ attempts, status });
}

/** The record that is there already: this one, or that of a later attempt. */
async function readStanding({ blobs }: Services, { address }: Target): Promise<CarriedOut> {
  const found = await blobs.readText(address);
  if (found === undefined) throw new ConflictError(`Somebody has just deleted the record ${address.name}`);
  return { status: "recorded", record: JSON.parse(found.text) as ConversionRecord, isNew: false };
}

/**
 * Whether a newer version makes this one pointless. What the input container holds is the newest, whatever the clocks of the
 * hosts say; once the input is replaced or gone, only what newer versions have left can tell of them. A result that is in
 * its place gets its record all the same, so that the two agree until the newer version ends.
 */
async function isSuperseded(
  { blobs }: Services,
  targets: Targets,
  record: ConversionRecord,
  isPublished: boolean,
): Promise<boolean> {
  const { container, name, eTag } = record.input;
  const current = await blobs.properties({ container, name });
  if (current?.eTag === eTag) return false;
  const isOfNewer = (target: Target): boolean => isOf(target, current?.eTag) || isNewer(target, record);
  if (Object.values(targets).some(isOfNewer)) return true;
  return current !== undefined && !isPublished;
}

/** Whether the log is there. A conversion does not fail because its log is refused. */
async function copyLog(services: Services, target: Target, record: ConversionRecord): Promise<boolean> {
  const { conversionId, attempts } = record;
  if (attemptOf(target, conversionId) === attempts) return true;
  const { blobs, config } = services;
  const { stderr } = stagedBlobs(config.containers.staging, conversionId, attempts);
  try {
    return (await blobs.copy(stderr, target.address, metadataOf(record), target.unchanged)) === "copied";
  } catch (error) {
    if (error instanceof StorageError && error.isFinal) return false;
    throw error;
  }
}

/** Whether the result is there, and is that of this very attempt. */
function isDone(target: Target, { conversionId, attempts }: ConversionRecord, staged: CopySource | null): boolean {
  const { found } = target;
  if (found === undefined || staged === null || attemptOf(target, conversionId) !== attempts) return false;
  return !found.isCopying && found.sizeBytes === staged.sizeBytes;
}

/** Whether this very attempt's copy to the target has begun, and has not ended. */
function isUnderWay(target: Target, { conversionId, attempts }: ConversionRecord): boolean {
  return target.found?.isCopying === true && attemptOf(target, conversionId) === attempts;
}

async function copyResult(
  services: Services,
  target: Target,
  record: ConversionRecord,
  staged: CopySource,
): Promise<"copied" | "copying" | "lost"> {
  const { blobs } = services;
  if (isDone(target, record, staged)) return "copied";
  const attempt = attemptOf(target, record.conversionId) ?? 0;
  if (attempt > record.attempts) throw new ConflictError(`A later attempt has published ${target.address.name}`);
  if (isUnderWay(target, record)) return "copying";
  if (target.found?.isCopying) {
    await blobs.delete(target.address, target.unchanged);
    throw new ConflictError(`A copy to ${target.address.name} that was under way has been aborted`);
  }
  const outcome = await blobs.copy(staged, target.address, resultMetadata(record), target.unchanged);
  if (outcome !== "sourceChanged") return outcome;
  // A faster run may have published the result and cleared the staging container.
  const now = await findTarget(services, target.address);
  if (isDone(now, record, staged)) return "copied";
  return isUnderWay(now, record) ? "copying" : "lost";
}

/** The conversion has failed, so a copy that is still under way must not end as its result. */
async function abandonCopy({ blobs }: Services, target: Target, { conversionId }: ConversionRecord): Promise<void> {
  const isOurs = attemptOf(target, conversionId) !== undefined;
  if (isOurs && target.found?.isCopying) await blobs.delete(target.address, target.unchanged);
}

function withLog(record: ConversionRecord, logBlob: string | null): ConversionRecord {
  return record.error === null ? record : { ...record, error: { ...record.error, logBlob } };
}

async function writeRecord({ blobs }: Services, target: Target, record: ConversionRecord): Promise<void> {
  await blobs.writeText(target.address, `${JSON.stringify(record, null, 2)}\n`, {
    contentType: "application/json",
    metadata: { ...metadataOf(record), [METADATA.status]: record.status },
    condition: target.unchanged,
  });
}
