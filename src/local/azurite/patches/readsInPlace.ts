import { closeSync, openSync, readSync } from "node:fs";
import { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pieces } from "../../kit/pieces.ts";
import { azurite, patch } from "./patch.ts";

/** Bytes of an upload, where they are in which file. */
interface Chunk {
  readonly id: string;
  readonly offset: number;
  readonly count: number;
}

interface ExtentStore {
  readonly metadataStore: { getExtentLocationId: (id: string) => Promise<string | undefined> };
  generateExtentPath: (locationId: string | undefined, id: string) => string;
  readExtent: (this: ExtentStore, chunk: Chunk | undefined, ...rest: unknown[]) => Promise<Readable>;
  readExtents: (
    this: ExtentStore,
    chunks: readonly Chunk[],
    offset?: number,
    count?: number,
    ...rest: unknown[]
  ) => Promise<Readable>;
}

/**
 * Azurite answers with the bytes of a blob through streams, one for each block and one over all, by which each piece is read by
 * another thread into memory that is new. This reads them through one piece of memory, which is filled again as soon as
 * what is in it has left.
 *
 * Relies on: Azurite gets bytes by `readExtent` and `readExtents`, finds their files by `getExtentLocationId` and
 * `generateExtentPath`, and answers with them by `pipe`.
 * Seen with: Azurite 3.31.0 to 3.35.0.
 * If it goes: downloads take more processor time.
 */
patch("readsInPlace", () => {
  const { default: Store } = azurite("./common/persistence/FSExtentStore") as {
    default: { readonly prototype: ExtentStore };
  };
  const { ZERO_EXTENT_ID } = azurite("./blob/persistence/IBlobMetadataStore") as { ZERO_EXTENT_ID: unknown };
  const { readExtent, readExtents, generateExtentPath } = Store.prototype;
  if ([readExtent, readExtents, generateExtentPath].some((method) => typeof method !== "function")) {
    throw new Error("Azurite reads by other methods");
  }
  const isInFile = ({ id, count }: Chunk): boolean => id !== ZERO_EXTENT_ID && count > 0;
  const read = async (store: ExtentStore, chunks: readonly Chunk[]): Promise<Readable> => {
    const locations = await Promise.all(chunks.map(({ id }) => store.metadataStore.getExtentLocationId(id)));
    return new ChunkReader(
      chunks.map(({ id, offset, count }, index) => ({
        path: store.generateExtentPath(locations[index], id),
        offset,
        count,
      })),
    );
  };
  Store.prototype.readExtent = async function readInPlace(chunk, ...rest) {
    return chunk !== undefined && isInFile(chunk) ? read(this, [chunk]) : readExtent.call(this, chunk, ...rest);
  };
  Store.prototype.readExtents = async function readAllInPlace(chunks, offset = 0, count = Infinity, ...rest) {
    const wanted = cut(chunks, offset, count);
    const isUsual = wanted.length > 0 && wanted.every(isInFile) && lengthOf(wanted) === count;
    return isUsual ? read(this, wanted) : readExtents.call(this, chunks, offset, count, ...rest);
  };
});

/** Of the chunks, one after the other, `count` bytes from `offset` on. */
function cut(chunks: readonly Chunk[], offset: number, count: number): readonly Chunk[] {
  const wanted: Chunk[] = [];
  let begin = 0;
  for (const chunk of chunks) {
    const from = Math.max(offset - begin, 0);
    const to = Math.min(offset + count - begin, chunk.count);
    if (from < to) wanted.push({ id: chunk.id, offset: chunk.offset + from, count: to - from });
    begin += chunk.count;
  }
  return wanted;
}

function lengthOf(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { count }) => sum + count, 0);
}

interface Part {
  readonly path: string;
  readonly offset: number;
  readonly count: number;
}

/** A stream of parts of files. It reads and sends more cheaply where it is piped into the answer to a request. */
class ChunkReader extends Readable {
  readonly #parts: readonly Part[];
  /** By path, from the first read on all of them: they stay readable when they are deleted. */
  #files: Map<string, number> | undefined;
  /** Where the next bytes are: in which part, and after how many of it. */
  #part = 0;
  #done = 0;

  constructor(parts: readonly Part[]) {
    super();
    this.#parts = parts;
  }

  override pipe<Target extends NodeJS.WritableStream>(target: Target, options?: { end?: boolean }): Target {
    if (!(target instanceof ServerResponse)) return super.pipe(target, options);
    this.#send(target);
    return target;
  }

  override _read(): void {
    const piece = pieces.take();
    try {
      const length = this.#fill(piece);
      this.push(length === 0 ? null : Buffer.from(piece.subarray(0, length)));
    } catch (error) {
      this.destroy(error as Error);
    }
    pieces.giveBack(piece);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    for (const file of this.#files?.values() ?? []) closeSync(file);
    this.#files = undefined;
    callback(error);
  }

  #send(response: ServerResponse): void {
    const piece = pieces.take();
    const sendNext = (): void => {
      if (this.destroyed) return;
      try {
        const length = this.#fill(piece);
        if (length > 0) {
          response.write(piece.subarray(0, length), (error) => (error ? this.destroy() : sendNext()));
          return;
        }
      } catch (error) {
        this.destroy(error as Error);
        return;
      }
      // Given back only here: of an answer that is broken off, some may still be on its way.
      pieces.giveBack(piece);
      response.end();
      this.destroy();
    };
    response.once("close", () => this.destroy());
    sendNext();
  }

  /** Gives the number of bytes, which is 0 at the end. */
  #fill(piece: Buffer): number {
    this.#files ??= openAll(this.#parts);
    let filled = 0;
    while (filled < piece.length) {
      const part = this.#parts[this.#part];
      const file = part && this.#files.get(part.path);
      if (part === undefined || file === undefined) break;
      const length = Math.min(part.count - this.#done, piece.length - filled);
      const read = readSync(file, piece, filled, length, part.offset + this.#done);
      if (read === 0) throw new Error(`${part.path} ends ${length} bytes too early`);
      filled += read;
      this.#done += read;
      if (this.#done < part.count) continue;
      this.#part++;
      this.#done = 0;
    }
    return filled;
  }
}

function openAll(parts: readonly Part[]): Map<string, number> {
  const files = new Map<string, number>();
  try {
    for (const { path } of parts) if (!files.has(path)) files.set(path, openSync(path, "r"));
  } catch (error) {
    for (const file of files.values()) closeSync(file);
    throw error;
  }
  return files;
}
