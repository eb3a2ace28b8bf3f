import type { BlobVersion, ConversionRecord } from "../model/conversion.ts";
import type { ListedStatus } from "../model/conversionList.ts";
import type { Failure } from "../model/failures.ts";
import { parseTime } from "../model/time.ts";
import type { BlobAddress, IfUnchanged, ListedBlob, Services } from "../services.ts";

/**
 * What the index of conversions says of one of them. Each is a blob whose name sorts the newest first and whose metadata
 * is all it holds, so that one request lists 5,000 of them. docs/decisions/list-of-conversions.md says what it promises.
 */
export interface IndexEntry {
  readonly id: string;
  /** When the conversion was first started, which no retry changes. ISO 8601, as all times here. */
  readonly startedAt: string;
  readonly workload: string;
  readonly source: BlobVersion;
  readonly status: ListedStatus;
  /** The last one that is known of. */
  readonly attempt: number;
  /** Of the input; null where it is not known. */
  readonly sizeBytes: number | null;
  readonly endedAt: string | null;
  readonly error: Failure | null;
  readonly outputBytes: number | null;
}

type EntryKey = Pick<IndexEntry, "id" | "startedAt">;

/** In the container of the scripts, because tasks can write to the staging container. */
export const INDEX_FOLDER = "conversions/";

/** Milliseconds of the year 5138: 14 digits, as all that are left of them until the year 1971 before that. */
const LAST_MOMENT = 99_999_999_999_999;
const NAME = /^conversions\/(\d{14})-([0-9a-f]{32})$/;
const METADATA_KEY = "entry";

/** Together with a name of 1,024 characters, below the 8 KiB that the metadata of a blob may have. */
const MAX_TEXT_BYTES = 800;

export function entryName({ id, startedAt }: EntryKey): string {
  const left = LAST_MOMENT - parseTime(startedAt).getTime();
  return `${INDEX_FOLDER}${String(left).padStart(14, "0")}-${id}`;
}

/** Undefined for a name that is none of ours. */
export function keyOf(name: string): EntryKey | undefined {
  const [, left, id] = NAME.exec(name) ?? [];
  return left === undefined || id === undefined
    ? undefined
    : { id, startedAt: new Date(LAST_MOMENT - Number(left)).toISOString() };
}

/** Undefined if it is none, or damaged. */
export function readEntry({ name, metadata }: Pick<ListedBlob, "name" | "metadata">): IndexEntry | undefined {
  const key = keyOf(name);
  const encoded = Object.entries(metadata).find(([one]) => one.toLowerCase() === METADATA_KEY)?.[1];
  if (key === undefined || encoded === undefined) return undefined;
  try {
    const rest = JSON.parse(Buffer.from(encoded, "base64url").toString()) as Omit<IndexEntry, keyof EntryKey> | null;
    return typeof rest?.source?.name === "string" ? { ...rest, ...key } : undefined;
  } catch {
    return undefined;
  }
}

export function entryOfRecord(record: ConversionRecord): IndexEntry {
  const { conversionId, workload, input, output, error, times, status, attempts } = record;
  const { container, name, eTag, sizeBytes } = input;
  return {
    id: conversionId,
    startedAt: times.startedAt,
    workload,
    source: { container, name, eTag },
    status,
    attempt: attempts,
    sizeBytes,
    endedAt: times.recordedAt,
    error: error && { code: error.code, message: error.message, hint: error.hint },
    outputBytes: output?.sizeBytes ?? null,
  };
}

/**
 * Notes that a conversion has been started, or started again. Never throws: a conversion does not depend on the index,
 * and the sweep adds what is missing. The first start comes after nothing, so a late one never hides an end.
 */
export async function noteStart(
  services: Services,
  start: Pick<IndexEntry, "id" | "startedAt" | "workload" | "source" | "attempt">,
): Promise<void> {
  const unknown = { sizeBytes: null, endedAt: null, error: null, outputBytes: null };
  const isFirst = start.attempt === 1;
  await tryToWrite(services, { ...unknown, ...start, status: "running" }, isFirst ? { eTag: null } : undefined);
}

/**
 * Notes how a conversion has ended. Never throws, as `noteStart`. To come after its record has been written; `isNew`: by
 * this very run. A run that is late may meet a retry, which it must not hide.
 */
export async function noteEnd(services: Services, record: ConversionRecord, isNew: boolean): Promise<void> {
  const entry = entryOfRecord(record);
  if (isNew) return tryToWrite(services, entry, undefined);
  try {
    const name = entryName(entry);
    const found = await services.blobs.properties(addressOf(services, name));
    const known = found && readEntry({ name, metadata: found.metadata });
    if (known !== undefined && isAtLeast(known, entry)) return;
    await tryToWrite(services, entry, { eTag: found?.eTag ?? null });
  } catch {
    // The list finds out by itself.
  }
}

function isAtLeast(known: IndexEntry, entry: IndexEntry): boolean {
  return known.attempt > entry.attempt || (known.attempt === entry.attempt && known.status !== "running");
}

/** Replaces the entry that was found under this ETag, or removes it. Never throws, as `noteStart`. */
export async function correctEntry(
  services: Services,
  found: { readonly name: string; readonly eTag: string },
  entry: IndexEntry | undefined,
): Promise<void> {
  const condition = { eTag: found.eTag };
  if (entry !== undefined) return tryToWrite(services, entry, condition);
  await services.blobs.delete(addressOf(services, found.name), condition).catch(() => {});
}

async function tryToWrite(services: Services, entry: IndexEntry, condition: IfUnchanged | undefined): Promise<void> {
  const metadata = { [METADATA_KEY]: encode(entry) };
  const options = { contentType: "application/octet-stream", metadata, ...(condition !== undefined && { condition }) };
  try {
    await services.blobs.writeText(addressOf(services, entryName(entry)), "", options);
  } catch {
    // Somebody else knows better, or Azure Storage is away.
  }
}

export function addressOf({ config }: Services, name: string): BlobAddress {
  return { container: config.containers.application, name };
}

/** Metadata is ASCII; names and messages are not. */
function encode({ id: _id, startedAt: _startedAt, error, ...rest }: IndexEntry): string {
  const shorter = error && {
    code: error.code,
    message: shorten(error.message, MAX_TEXT_BYTES),
    hint: shorten(error.hint, MAX_TEXT_BYTES / 2),
  };
  return Buffer.from(JSON.stringify({ ...rest, error: shorter })).toString("base64url");
}

/** A character that would be cut in two is left out. */
function shorten(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  return `${bytes
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, "")}…`;
}
