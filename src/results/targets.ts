import type { BlobVersion, ConversionRecord } from "../model/conversion.ts";
import type { BlobAddress, BlobProperties, IfUnchanged, Services } from "../services.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import type { Workload } from "../workloads/workload.ts";

/** A blob that a conversion is about to replace, as it was when we looked. */
export interface Target {
  readonly address: BlobAddress;
  readonly found: BlobProperties | undefined;
  /** Holds as long as nobody else has written it since. */
  readonly unchanged: IfUnchanged;
}

/** What a conversion leaves in the output container. */
export interface Targets {
  readonly result: Target;
  readonly record: Target;
  readonly log: Target;
}

/**
 * Looks at the targets, so that they can be replaced only if they are still the same then.
 *
 * A newer version of the input may end at the same moment. Whoever writes looks at the targets first, compares the
 * input's ETag second, and writes under these conditions last: then the older one either sees the new ETag or fails a
 * condition, and never replaces what the newer one wrote.
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

/** The record that is there now, of whichever version of the input. What is no record of ours counts as none. */
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
 * Removes the result of a conversion that copied it but did not come to record its success, because its input was
 * replaced or deleted in between. A result of any other conversion stays.
 */
export async function withdrawResult({ blobs }: Services, { result }: Targets, conversionId: string): Promise<void> {
  if (result.found?.metadata["conversionid"] === conversionId) await blobs.delete(result.address, result.unchanged);
}

/** The metadata of a record that names the version it is about, so that a listing tells without reading it. */
export const RECORD_ETAG = "sourceetag";

/** Whether the record that is there is of this very version. */
export async function hasRecord(
  { blobs, config }: Services,
  workload: Workload,
  { name, eTag }: BlobVersion,
): Promise<boolean> {
  const { record: recordName } = resultNamesFor(workload, name);
  const record = await blobs.properties({ container: config.containers.output, name: recordName });
  return record?.metadata[RECORD_ETAG] === eTag;
}

/** Throws a `ConflictError` when somebody else has written a record since `findTargets`. */
export async function writeRecord({ blobs }: Services, { record }: Targets, content: ConversionRecord): Promise<void> {
  await blobs.writeText(record.address, `${JSON.stringify(content, null, 2)}\n`, {
    contentType: "application/json",
    metadata: { [RECORD_ETAG]: content.input.eTag, conversionid: content.conversionId },
    condition: record.unchanged,
  });
}
