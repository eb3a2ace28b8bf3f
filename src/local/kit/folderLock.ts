import { randomUUID } from "node:crypto";
import { linkSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { createFolder } from "./createFolder.ts";
import type { ProcessIdentity } from "./processIdentity.ts";
import { isRunning, ownIdentity } from "./processIdentity.ts";
import { isSystemError, unusableDataFolder } from "./systemError.ts";
import { UserError } from "./userError.ts";

/**
 * Makes this process the only one that works in the folder of the lock file; call the returned function to let go.
 * A lock whose process is gone, after a `kill -9` or a power cut, does not count.
 *
 * `holder` is what this program is called in the message: "Another Batch emulator (process 12) …".
 */
export function lockFolder(path: string, holder: string): () => void {
  try {
    createFolder(dirname(path), 0o700);
    const mine = new LockFile(path);
    const rival = mine.take();
    if (rival === undefined) return () => mine.release();
    throw new UserError("DataFolderInUse", `Another ${holder} (process ${rival.pid}) is using ${dirname(path)}`, {
      hint: "Stop that one first, or choose another data folder with --data.",
    });
  } catch (cause) {
    throw inWords(cause, path);
  }
}

/** The living process that holds the lock. */
export function holderOf(path: string): ProcessIdentity | undefined {
  try {
    return readHolder(path);
  } catch (cause) {
    throw inWords(cause, path);
  }
}

function inWords(cause: unknown, path: string): unknown {
  if (!isSystemError(cause)) return cause;
  return unusableDataFolder(cause, `Make ${dirname(path)} a folder that you may write to, and ${path} a file`);
}

class LockFile {
  readonly #path: string;
  /** Unlike any other lock, even of this process, so that `release` recognises its own. */
  readonly #text = JSON.stringify({ ...ownIdentity(), id: randomUUID() });

  constructor(path: string) {
    this.#path = path;
  }

  /** Returns the living process that was faster; undefined if the lock is ours. */
  take(): ProcessIdentity | undefined {
    while (!this.#create()) {
      const rival = readHolder(this.#path) ?? this.#removeStale();
      if (rival !== undefined) return rival;
    }
    return undefined;
  }

  release(): void {
    if (readText(this.#path) === this.#text) rmSync(this.#path, { force: true });
  }

  /** A link appears with its content or not at all, and only one process can create it. */
  #create(): boolean {
    const draft = `${this.#path}.${randomUUID()}`;
    try {
      writeFileSync(draft, this.#text, { mode: 0o600 });
      linkSync(draft, this.#path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /**
   * Between seeing a stale lock and removing it, somebody else could put a lock of their own in its place. So only the
   * holder of a second lock may remove, and looks again first: then nobody else can replace what it sees.
   */
  #removeStale(): ProcessIdentity | undefined {
    const permit = new LockFile(`${this.#path}.removing`);
    const rival = permit.take();
    if (rival !== undefined) return rival;
    try {
      const text = readText(this.#path);
      if (text === undefined) removeDanglingLink(this.#path);
      else if (livingHolder(text) === undefined) rmSync(this.#path);
    } finally {
      permit.release();
    }
    return undefined;
  }
}

/** What has no content but stands in the way. A lock is never a symbolic link. */
function removeDanglingLink(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(path);
}

function readHolder(path: string): ProcessIdentity | undefined {
  const text = readText(path);
  return text === undefined ? undefined : livingHolder(text);
}

/** A text that was cut short names nobody. */
function livingHolder(text: string): ProcessIdentity | undefined {
  try {
    const holder = JSON.parse(text) as ProcessIdentity | null;
    return holder !== null && isRunning(holder) ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined if there is no such file. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isSystemError(error) && error.code === "ENOENT") return undefined;
    throw error;
  }
}
