import { fdatasync, writeSync } from "node:fs";
import type { Readable } from "node:stream";
import { azurite, patch } from "./patch.ts";

interface ExtentStore {
  /** Writes all of the source to the file, has it put on the disk, and gives its length. */
  streamPipe: (
    this: ExtentStore,
    source: Readable,
    target: unknown,
    file: number | undefined,
    ...rest: unknown[]
  ) => Promise<number>;
}

/**
 * Azurite writes uploads to its files through a stream, by which each piece waits in memory, goes to another thread and is
 * copied there out of this one's cache. This writes it when it comes in, which takes less than to hand it over. All of it is
 * on the disk before the answer, as before.
 *
 * Relies on: Azurite writes by `streamPipe`, with a file that is open for appending.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: uploads take more processor time.
 */
patch("writesAtOnce", () => {
  const { default: Store } = azurite("./common/persistence/FSExtentStore") as {
    default: { readonly prototype: ExtentStore };
  };
  const { streamPipe } = Store.prototype;
  if (typeof streamPipe !== "function") throw new Error("Azurite writes uploads by other methods");
  Store.prototype.streamPipe = function writeAtOnce(source, target, file, ...rest) {
    return file === undefined ? streamPipe.call(this, source, target, file, ...rest) : append(source, file);
  };
});

function append(source: Readable, file: number): Promise<number> {
  return new Promise((resolve, reject) => {
    let length = 0;
    let isOver = false;
    const fail = (error: unknown): void => {
      isOver = true;
      reject(error as Error);
    };
    /** An upload that is broken off closes without an end: Azurite finds it too short. */
    const finish = (): void => {
      if (isOver) return;
      isOver = true;
      fdatasync(file, (error) => (error ? reject(error) : resolve(length)));
    };
    source.on("data", (bytes: Uint8Array) => {
      try {
        for (let written = 0; !isOver && written < bytes.length;) written += writeSync(file, bytes, written);
        length += bytes.length;
      } catch (error) {
        fail(error);
      }
    });
    source.on("end", finish).on("close", finish).on("error", fail);
  });
}
