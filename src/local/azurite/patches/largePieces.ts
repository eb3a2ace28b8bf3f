import type { ReadStream, WriteStream } from "node:fs";
import { azurite, patch } from "./patch.ts";

interface Files {
  createReadStream: (path: string, options?: unknown) => ReadStream;
  createWriteStream: (path: string, options?: unknown) => WriteStream;
}

/** Four times as much as Node takes by itself. */
const READ_BYTES = 256 * 1024;
/** As much waits in memory for the disk at most, of each upload. */
const WRITE_BYTES = 1024 * 1024;

/**
 * Azurite moves the bytes of blobs in the small pieces that are Node's choice: 64 KiB to read, and to write what comes in at a
 * time from the network. Each piece is handed to another thread and back, which takes longer than to move it. This has it
 * move larger ones.
 *
 * Relies on: Azurite opens its files of bytes by the functions of `node:fs` that are wrapped here, with options.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: uploads and downloads take more processor time.
 */
patch("largePieces", () => {
  const files = azurite("fs") as Files;
  const { createReadStream, createWriteStream } = files;
  files.createReadStream = function readLargePieces(path, options) {
    return createReadStream(path, withPieces(options, READ_BYTES));
  };
  files.createWriteStream = function writeLargePieces(path, options) {
    return createWriteStream(path, withPieces(options, WRITE_BYTES));
  };
});

/** The options may be an encoding alone, too. */
function withPieces(options: unknown, highWaterMark: number): unknown {
  return typeof options === "object" ? { highWaterMark, ...options } : options;
}
