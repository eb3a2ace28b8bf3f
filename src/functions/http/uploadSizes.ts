const MIB = 1024 ** 2;

/** Small enough to be sent again when the line breaks, and large enough for few requests. */
const SMALLEST_BLOCK_BYTES = 8 * MIB;
/** https://learn.microsoft.com/rest/api/storageservices/put-block#remarks */
const MAX_BLOCKS = 50_000;

/** A line of half a megabit is among the slowest. */
const SLOWEST_BYTES_PER_SECOND = 64 * 1024;
const LEAST_SECONDS = 3600;
/** A key that signs lasts seven days: https://learn.microsoft.com/rest/api/storageservices/get-user-delegation-key */
const MOST_SECONDS = 6 * 24 * 3600;

/** How large the blocks of an upload should be: a whole number of mebibytes. */
export function blockBytesFor(sizeBytes: number): number {
  return Math.max(SMALLEST_BLOCK_BYTES, Math.ceil(sizeBytes / MAX_BLOCKS / MIB) * MIB);
}

/** For how long the right to upload is given. */
export function secondsFor(sizeBytes: number): number {
  const needed = LEAST_SECONDS + Math.ceil(sizeBytes / SLOWEST_BYTES_PER_SECOND);
  return Math.min(needed, MOST_SECONDS);
}
