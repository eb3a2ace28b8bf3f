import type { Conversion, ConversionRecord } from "../model/conversion.ts";
import type { BlobAddress, BlobProperties, IfUnchanged, Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";

/** Names in the metadata of results, logs and records. A listing shows them, so nothing has to be read. */
export const METADATA = {
  /** Of the blob that was converted, percent-encoded: metadata travels in HTTP headers. Of a result only. */
  sourceName: "sourcename",
  /** Of the version that was converted. */
  sourceETag: "sourceetag",
  conversionId: "conversionid",
  /** Which attempt made it. Of a record: how many there were. */
  attempt: "attempt",
  /** When the conversion was first started. It tells older conversions from newer ones. */
  startedAt: "startedat",
  /** Of a record only: its status. */
  status: "status",
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

export async function findTargets(services: Services, { workload, source }: Conversion): Promise<Targets> {
  const names = resultNamesFor(workloadNamed(workload), source.name);
  const find = (name: string): Promise<Target> =>
    findTarget(services, { container: services.config.containers.output, name });
  const [result, record, log] = await Promise.all([find(names.result), find(names.record), find(names.log)]);
  return { result, record, log };
}

/** The targets of a conversion that is taken to be the first of its file. */
export function untouchedTargets({ config }: Services, { workload, source }: Conversion): Targets {
  const names = resultNamesFor(workloadNamed(workload), source.name);
  const absent = (name: string): Target => ({
    address: { container: config.containers.output, name },
    found: undefined,
    unchanged: { eTag: null },
  });
  return { result: absent(names.result), record: absent(names.record), log: absent(names.log) };
}

export async function findTarget({ blobs }: Services, address: BlobAddress): Promise<Target> {
  const found = await blobs.properties(address);
  return { address, found, unchanged: { eTag: found?.eTag ?? null } };
}

/** Whether the blob is of this conversion; undefined if it is not, or else of which of its attempts. */
export function attemptOf({ found }: Target, conversionId: string): number | undefined {
  const { [METADATA.conversionId]: id, [METADATA.attempt]: attempt = 1 } = found?.metadata ?? {};
  return id === conversionId ? Number(attempt) : undefined;
}

/** Whether the blob is of this version of the input. */
export function isOf({ found }: Target, eTag: string | undefined): boolean {
  return eTag !== undefined && found?.metadata[METADATA.sourceETag] === eTag;
}

/** Whether the blob is of a conversion that was started later than this one. */
export function isNewer({ found }: Target, { conversionId, times }: ConversionRecord): boolean {
  const { [METADATA.conversionId]: id, [METADATA.startedAt]: startedAt = "" } = found?.metadata ?? {};
  return id !== conversionId && startedAt > times.startedAt;
}

export function metadataOf({ conversionId, input, attempts, times }: ConversionRecord): Record<string, string> {
  return {
    [METADATA.sourceETag]: input.eTag,
    [METADATA.conversionId]: conversionId,
    [METADATA.attempt]: String(attempts),
    [METADATA.startedAt]: times.startedAt,
  };
}

/** A name that would take too much of the metadata is left out. */
export function resultMetadata(record: ConversionRecord): Record<string, string> {
  const encoded = encodeURIComponent(record.input.name);
  return {
    ...(encoded.length <= MAX_SOURCE_NAME_BYTES && { [METADATA.sourceName]: encoded }),
    ...metadataOf(record),
  };
}
