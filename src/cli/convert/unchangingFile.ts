import type { BigIntStats } from "node:fs";
import { constants } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, stat } from "node:fs/promises";
import { ClientFailure } from "./clientFailure.ts";
import { systemReason } from "./systemReason.ts";

/** Without waiting, because a pipe that has taken the file's place would be waited for until somebody writes to it. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

/**
 * A file that is read in parts, which are of one and the same version of it or are refused. All methods throw a
 * `ClientFailure`: `NotFound`, `Unreadable` or `Changed`.
 */
export class UnchangingFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #before: BigIntStats;

  private constructor(path: string, handle: FileHandle, before: BigIntStats) {
    this.#path = path;
    this.#handle = handle;
    this.#before = before;
  }

  static async open(path: string): Promise<UnchangingFile> {
    const handle = await orFailure(() => open(path, OPEN_FLAGS));
    try {
      const before = await orFailure(() => handle.stat({ bigint: true }));
      if (!before.isFile()) throw unreadable("it is not a regular file any more");
      return new UnchangingFile(path, handle, before);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get sizeBytes(): number {
    return Number(this.#before.size);
  }

  /** Fills all of `bytes` with what is in the file from `offset` on. */
  async read(offset: number, bytes: Buffer): Promise<void> {
    for (let filled = 0; filled < bytes.length;) {
      const rest = bytes.length - filled;
      const { bytesRead } = await orFailure(() => this.#handle.read(bytes, filled, rest, offset + filled));
      if (bytesRead === 0) throw changed("it got shorter");
      filled += bytesRead;
    }
  }

  /** To be called after the last part has been read: looks at the file once more, and at what its path names now. */
  async checkUnchanged(): Promise<void> {
    const path = this.#path;
    const [after, named] = await orFailure(() =>
      Promise.all([this.#handle.stat({ bigint: true }), stat(path, { bigint: true }).catch(unlessMissing)]),
    );
    if (named === undefined) throw changed("it was deleted");
    if (named.ino !== after.ino || named.dev !== after.dev) throw changed("another file took its place");
    if (after.size !== this.#before.size) throw changed("its size changed");
    if (after.mtimeNs !== this.#before.mtimeNs) throw changed("it was written to");
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

async function orFailure<Result>(action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (cause) {
    throw (cause as NodeJS.ErrnoException).code === "ENOENT"
      ? new ClientFailure("NotFound", "The file is not there any more", "Put it back, then try again.", { cause })
      : unreadable(systemReason(cause), { cause });
  }
}

function unlessMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function unreadable(reason: string, options: ErrorOptions = {}): ClientFailure {
  return new ClientFailure(
    "Unreadable",
    `The file cannot be read: ${reason}`,
    "Make it readable, then try again.",
    options,
  );
}

function changed(how: string): ClientFailure {
  return new ClientFailure(
    "Changed",
    `The file changed while it was uploaded: ${how}`,
    "Nothing of it was kept in storage. Try again when nothing writes to it any more.",
  );
}
