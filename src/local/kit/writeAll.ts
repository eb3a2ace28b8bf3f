import { writeSync } from "node:fs";

/** Writes every byte at the end of a file that was opened for appending or has just been created. */
export function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}
