import { createHash } from "node:crypto";
import type { BlobVersion } from "./conversion.ts";

const ID_LENGTH = 32;
/** Longest blob name, https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
export const MAX_BLOB_NAME_LENGTH = 1024;

/**
 * 32 hex digits that name the conversion of one blob version by one workload everywhere: as Durable instance, Batch
 * task and staging folder. It is a hash, because a blob name may hold characters that those do not allow.
 */
export function conversionIdOf(workloadName: string, { container, name, eTag }: BlobVersion): string {
  return shortHash(JSON.stringify([workloadName, container, name, eTag]));
}

/** The Batch task of one attempt, or the one that took its place when its access had been renewed so many times. */
export function taskIdOf(conversionId: string, attempt: number, renewal = 0): string {
  return renewal === 0 ? `${conversionId}-${attempt}` : `${conversionId}-${attempt}-${renewal}`;
}

/** `stem` and `suffix` as one blob name. If that is too long, a hash takes the place of the end of `stem`. */
export function fitBlobName(stem: string, suffix: string): string {
  if (stem.length + suffix.length <= MAX_BLOB_NAME_LENGTH) return stem + suffix;
  const room = MAX_BLOB_NAME_LENGTH - suffix.length - ID_LENGTH - 1;
  const start = stem.slice(0, room).replace(/[\uD800-\uDBFF]$/, "");
  return `${start}~${shortHash(stem)}${suffix}`;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, ID_LENGTH);
}
