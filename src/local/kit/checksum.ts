import { crc32 } from "node:zlib";

/** To be kept in another place than the text, so that damage to the text shows. */
export function checksumOf(text: string): number {
  return crc32(text) | 0;
}
