import { createHash } from "node:crypto";
import type { BlobVersion } from "./conversion.ts";
import { MAX_BLOB_NAME_LENGTH, mp3NameFor } from "./conversion.ts";

const ID_LENGTH = 32;

/**
 * 32 hex digits that name the conversion of one blob version everywhere: as Durable instance, Batch task and staging
 * folder. Only a hash gets that far, because a blob name may hold characters that those refuse.
 */
export function conversionIdOf({ container, name, eTag }: BlobVersion): string {
  return shortHash(JSON.stringify([container, name, eTag]));
}

/** Where the record of the blob's newest conversion lives in the output container: `<mp3 name>.json`. */
export function recordNameFor(mp4Name: string): string {
  return sidecarName(mp4Name, ".json");
}

/** Where ffmpeg's log of the blob's newest conversion lives in the output container: `<mp3 name>.log`. */
export function logNameFor(mp4Name: string): string {
  return sidecarName(mp4Name, ".log");
}

/** A name that leaves no room for the suffix ends in a hash instead, so that it stays unique. */
function sidecarName(mp4Name: string, suffix: string): string {
  const mp3Name = mp3NameFor(mp4Name);
  if (mp3Name.length + suffix.length <= MAX_BLOB_NAME_LENGTH) return mp3Name + suffix;
  const room = MAX_BLOB_NAME_LENGTH - suffix.length - ID_LENGTH - 1;
  const start = mp3Name.slice(0, room).replace(/[\uD800-\uDBFF]$/, "");
  return `${start}~${shortHash(mp3Name)}${suffix}`;
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, ID_LENGTH);
}
