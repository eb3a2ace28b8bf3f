import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { azurite, patch } from "./patch.ts";

interface ExtentStore {
  /** Gives where in which file it has put the data, as an object of its own for each call. */
  appendExtent: (this: ExtentStore, data: unknown, ...rest: unknown[]) => Promise<object>;
  streamPipe: (this: ExtentStore, source: Readable, ...rest: unknown[]) => Promise<number>;
  readExtent: (this: ExtentStore, chunk: object | undefined, ...rest: unknown[]) => Promise<Readable>;
}

interface BlockHandler {
  stageBlock: (
    this: BlockHandler,
    id: string,
    length: number,
    body: object,
    options: unknown,
    context: Context,
  ) => Promise<unknown>;
}

interface Context {
  readonly request: { getHeader: (name: string) => string | undefined };
}

interface Utils {
  getMD5FromStream: (stream: Readable) => Promise<Uint8Array>;
}

const MD5_HEADERS = ["content-md5", "x-ms-blob-content-md5"];
const NOBODY_ASKS = { digest: () => Buffer.alloc(0) };

/**
 * When it has written an upload to its file, Azurite reads all of it again to find the MD5, a third of what an upload takes.
 * This finds the MD5 while the upload is being written. Of a block it finds none unless the client has sent one to compare
 * it with: Azurite neither keeps it nor tells it. The answers stay the same.
 *
 * Relies on: Azurite writes by `appendExtent`, which calls `streamPipe`, then calls `readExtent` with what that has given and
 * `getMD5FromStream` with what this has given; of a block, by `stageBlock`, which looks at two headers for an MD5.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: uploads take more processor time.
 */
patch("hashesOnce", () => {
  const { default: Store } = azurite("./common/persistence/FSExtentStore") as {
    default: { readonly prototype: ExtentStore };
  };
  const { default: Blocks } = azurite("./blob/handlers/BlockBlobHandler") as {
    default: { readonly prototype: BlockHandler };
  };
  hashWhatIsWritten(Store.prototype, Blocks.prototype, azurite("./common/utils/utils") as Utils);
});

function hashWhatIsWritten(store: ExtentStore, blocks: BlockHandler, utils: Utils): void {
  const { appendExtent, streamPipe, readExtent } = store;
  const { stageBlock } = blocks;
  const { getMD5FromStream } = utils;
  const methods = [appendExtent, streamPipe, readExtent, stageBlock, getMD5FromStream];
  if (methods.some((method) => typeof method !== "function")) {
    throw new Error("Azurite writes uploads by other methods");
  }
  /** By what they are of: a source that is being written, what has been written, and a stream of that. */
  const hashes = new WeakMap<object, { digest: () => Buffer }>();
  blocks.stageBlock = function stageAndHashIfAsked(id, length, body, options, context) {
    if (MD5_HEADERS.every((name) => !context.request.getHeader(name))) hashes.set(body, NOBODY_ASKS);
    return stageBlock.call(this, id, length, body, options, context);
  };
  store.streamPipe = function pipeAndHash(source, ...rest) {
    if (!hashes.has(source)) {
      const hash = createHash("md5");
      hashes.set(source, hash);
      source.on("data", (bytes: Uint8Array) => hash.update(bytes));
    }
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

function move(hashes: WeakMap<object, { digest: () => Buffer }>, from: unknown, to: object): void {
  if (typeof from !== "object" || from === null) return;
  const hash = hashes.get(from);
  hashes.delete(from);
  if (hash !== undefined) hashes.set(to, hash);
}

async function* once(open: () => Promise<Readable>): AsyncGenerator<unknown> {
  yield* await open();
}
