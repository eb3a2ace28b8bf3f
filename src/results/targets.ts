import type { Attempt, BlobVersion, ConversionRecord } from "../model/conversion.ts";
import type { BlobAddress, BlobProperties, IfUnchanged, Services } from "../services.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import type { Workload } from "../workloads/workload.ts";

/** Names in the metadata of results and records. A listing shows them, so nothing has to be read. */
export const METADATA = {
  /** Of the blob that was converted, percent-encoded: metadata travels in HTTP headers. */
  sourceName: "sourcename",
  /** Of the version that was converted. */
  sourceETag: "sourceetag",
  conversionId: "conversionid",
  /** Of a result: which attempt made it. Of a record: how many there were. */
  attempt: "attempt",
  /** Of the record of a failure: the conversion of an older version whose good result stays beside it. */
  keptResult: "keptresult",
} as const;

/** All metadata of a blob together may take 8 KiB. */
const MAX_SOURCE_NAME_BYTES = 4096;

/** A blob that a conversion is about to replace, as it was when we looked. */
export interface Target {
  readonly address: BlobAddress;
  readonly found: BlobProperties | undefined;
  /** Holds until somebody else writes the blob. */
  readonly unchanged: IfUnchanged;
}

/** The blobs that a conversion writes in the output container. */
export interface Targets {
  readonly result: Target;
  readonly record: Target;
  readonly log: Target;
}

/**
 * Looks at the targets, so that each is replaced only if nobody else has replaced it since.
 *
 * The conversion of a newer version may end at the same moment. So whoever writes first looks at the targets, then
 * compares the input's ETag, and last writes under these conditions. The older conversion then either sees the new ETag
 * or fails a condition; it never replaces what the newer one wrote.
 */
export async function findTargets(
  { blobs, config }: Services,
  workload: Workload,
  { name }: BlobVersion,
): Promise<Targets> {
  const find = async (targetName: string): Promise<Target> => {
    const address = { container: config.containers.output, name: targetName };
    const found = await blobs.properties(address);
    return { address, found, unchanged: { eTag: found?.eTag ?? null } };
  };
  const names = resultNamesFor(workload, name);
  const [result, record, log] = await Promise.all([find(names.result), find(names.record), find(names.log)]);
  return { result, record, log };
}

/** The record that is there now, whichever version it is about. Anything that is not a record of ours counts as none. */
export async function readRecord({ blobs }: Services, { record }: Targets): Promise<ConversionRecord | undefined> {
  const text = record.found && (await blobs.readText(record.address));
  try {
    const content = JSON.parse(text ?? "null") as ConversionRecord | null;
    return content?.schemaVersion === 1 ? content : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/**
 * Removes the result of a conversion that copied it but has no record of its success, for example because its input was
 * replaced or deleted in between. The result of any other conversion stays, and so does that of a later attempt, and one
 * that the record of a newer version has kept.
 */
export async function withdrawResult(
  services: Services,
  workload: Workload,
  { conversionId, source, attempt }: Pick<Attempt, "conversionId" | "source" | "attempt">,
): Promise<void> {
  const { result, record } = await findTargets(services, workload, source);
  const isKept = record.found?.metadata[METADATA.keptResult] === conversionId;
  const isLater = Number(result.found?.metadata[METADATA.attempt] ?? 1) > attempt;
  if (!isResultOf(result, conversionId) || isKept || isLater) return;
  await services.blobs.delete(result.address, result.unchanged);
}

export function isResultOf({ found }: Target, conversionId: string): boolean {
  return found?.metadata[METADATA.conversionId] === conversionId;
}

/** A name that would take too much of the metadata is left out. */
export function resultMetadata(
  { name, eTag }: BlobVersion,
  conversionId: string,
  attempt: number,
): Record<string, string> {
  const encoded = encodeURIComponent(name);
  return {
    ...(encoded.length <= MAX_SOURCE_NAME_BYTES && { [METADATA.sourceName]: encoded }),
    [METADATA.sourceETag]: eTag,
    [METADATA.conversionId]: conversionId,
    [METADATA.attempt]: String(attempt),
  };
}

/** Whether there is a record, and it is about this version. */
export async function hasRecord(
  { blobs, config }: Services,
  workload: Workload,
  { name, eTag }: BlobVersion,
): Promise<boolean> {
  const { record: recordName } = resultNamesFor(workload, name);
  const record = await blobs.properties({ container: config.containers.output, name: recordName });
  return record?.metadata[METADATA.sourceETag] === eTag;
}

/**
 * `keptResult` is the conversion whose good result stays beside the record of a failure. Throws a `ConflictError` when
 * somebody else has written a record since `findTargets`.
 */
export async function writeRecord(
  { blobs }: Services,
  { record }: Targets,
  content: ConversionRecord,
  keptResult?: string,
): Promise<void> {
  await blobs.writeText(record.address, `${JSON.stringify(content, null, 2)}\n`, {
    contentType: "application/json",
    metadata: {
      [METADATA.sourceETag]: content.input.eTag,
      [METADATA.conversionId]: content.conversionId,
      [METADATA.attempt]: String(content.attempts),
      ...(keptResult !== undefined && { [METADATA.keptResult]: keptResult }),
    },
    condition: record.unchanged,
  });
}
