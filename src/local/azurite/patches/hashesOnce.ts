import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { Readable } from "node:stream";
import { azurite, patch } from "./patch.ts";

interface ExtentStore {
  /** Gives where in which file it has put the data, as an object of its own for each call. */
  appendExtent: (this: ExtentStore, data: unknown, ...rest: unknown[]) => Promise<object>;
  streamPipe: (this: ExtentStore, source: Readable, ...rest: unknown[]) => Promise<number>;
  readExtent: (this: ExtentStore, chunk: object | undefined, ...rest: unknown[]) => Promise<Readable>;
}

interface Utils {
  getMD5FromStream: (stream: Readable) => Promise<Uint8Array>;
}

/**
 * When it has written an upload to its file, Azurite reads all of it again to find the MD5, a third of what an upload takes.
 * This finds the MD5 while the upload is being written. The answers stay the same.
 *
 * Relies on: Azurite writes by `appendExtent`, which calls `streamPipe`, then calls `readExtent` with what that has given and
 * `getMD5FromStream` with what this has given.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: uploads take more processor time.
 */
patch("hashesOnce", () => {
  const { default: Store } = azurite("./common/persistence/FSExtentStore") as {
    default: { readonly prototype: ExtentStore };
  };
  hashWhatIsWritten(Store.prototype, azurite("./common/utils/utils") as Utils);
});

function hashWhatIsWritten(store: ExtentStore, utils: Utils): void {
  const { appendExtent, streamPipe, readExtent } = store;
  const { getMD5FromStream } = utils;
  if ([appendExtent, streamPipe, readExtent, getMD5FromStream].some((method) => typeof method !== "function")) {
    throw new Error("Azurite writes uploads by other methods");
  }
  /** By what they are of: a source that is being written, what has been written, and a stream of that. */
  const hashes = new WeakMap<object, Hash>();
  store.streamPipe = function pipeAndHash(source, ...rest) {
    const hash = createHash("md5");
    hashes.set(source, hash);
    source.on("data", (bytes: Uint8Array) => hash.update(bytes));
    return streamPipe.call(this, source, ...rest);
  };
  store.appendExtent = async function appendAndHash(data, ...rest) {
    const written = await appendExtent.call(this, data, ...rest);
    move(hashes, data, written);
    return written;
  };
  store.readExtent = async function readUnlessHashed(chunk, ...rest) {
    if (chunk === undefined || !hashes.has(chunk)) return readExtent.call(this, chunk, ...rest);
    // Reads the file only if somebody wants more of it than the MD5.
    const stream = Readable.from(
      once(() => readExtent.call(this, chunk, ...rest)),
      { objectMode: false },
    );
    move(hashes, chunk, stream);
    return stream;
  };
  utils.getMD5FromStream = async function getMD5UnlessHashed(stream) {
    const hash = hashes.get(stream);
    hashes.delete(stream);
    return hash?.digest() ?? getMD5FromStream(stream);
  };
}

function move(hashes: WeakMap<object, Hash>, from: unknown, to: object): void {
  if (typeof from !== "object" || from === null) return;
  const hash = hashes.get(from);
  hashes.delete(from);
  if (hash !== undefined) hashes.set(to, hash);
}

async function* once(open: () => Promise<Readable>): AsyncGenerator<unknown> {
  yield* await open();
}
