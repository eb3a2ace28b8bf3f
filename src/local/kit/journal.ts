import {
  closeSync,
  existsSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { getSystemErrorMap } from "node:util";
import { createFolder } from "./createFolder.ts";
import { isOutOfSpace, isSystemError, unusableDataFolder } from "./systemError.ts";
import { UserError } from "./userError.ts";

interface JournalFormat {
  /** What the file holds, for example `batch-emulator`. */
  readonly kind: string;
  /** Raised when old readers would misread the entries. */
  readonly version: number;
}

interface JournalOptions<Entry> {
  readonly format: JournalFormat;
  /** Called with every entry of the file, oldest first. If it throws, the entry is damaged. */
  readonly apply: (entry: Entry) => void;
  /** Called once, when the journal can take no more entries: stop, because nothing that happens from here on is kept. */
  readonly onFailure?: (failure: UserError) => void;
}

/** What is journalled may hold keys. */
const OWNER_ONLY = 0o600;

/**
 * An append-only file of JSON lines that survives `kill -9` at any moment.
 *
 * An entry is one `write(2)`: once `append` has returned, the entry is with the operating system and outlives this
 * process. A half-written last line is what an interrupted `append` leaves; nobody was told that it was kept, so it is cut off.
 * Power loss is out of scope: this is the state of a stack on a developer's machine.
 *
 * After a write that fails, as on a full disk, the file holds what was acknowledged before and nothing else, and every
 * further call throws the same `UserError`.
 */
export class Journal<Entry extends object> {
  readonly #path: string;
  readonly #options: JournalOptions<Entry>;
  #file: number;
  #size: number;
  #appendedSinceCompaction: number;
  #failure: UserError | undefined;

  private constructor(path: string, options: JournalOptions<Entry>, size: number, entryCount: number) {
    this.#path = path;
    this.#options = options;
    this.#file = openSync(path, "a", OWNER_ONLY);
    this.#size = size;
    this.#appendedSinceCompaction = entryCount;
  }

  /**
   * Opens or creates the journal. Throws a `UserError` when it cannot be read or written, or when it is of another kind,
   * from a newer version, or damaged; it is then left as it is.
   */
  static open<Entry extends object>(path: string, options: JournalOptions<Entry>): Journal<Entry> {
    try {
      return Journal.#open(path, options);
    } catch (error) {
      throw isSystemError(error) ? unusableDataFolder(error, `Make ${path} a readable and writable file`) : error;
    }
  }

  static #open<Entry extends object>(path: string, options: JournalOptions<Entry>): Journal<Entry> {
    const { format, apply } = options;
    createFolder(dirname(path), 0o700);
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const end = bytes.lastIndexOf(0x0a) + 1;
    const [first, ...lines] = splitLines(bytes.subarray(0, end));
    if (first !== undefined) checkFormat(path, first, format);
    lines.forEach((line, index) => readEntry(path, line, index + 2, apply));

    if (end < bytes.length) truncateSync(path, end);
    const journal = new Journal(path, options, end, lines.length);
    if (first === undefined) journal.#write(lineOf(format));
    return journal;
  }

  /** Entries in the file that a compaction could drop, since the last one. */
  get appendedSinceCompaction(): number {
    return this.#appendedSinceCompaction;
  }

  /** What every call throws from here on, and what `onFailure` was given. */
  get failure(): UserError | undefined {
    return this.#failure;
  }

  /** Keeps all of the entries or, if it throws, none. */
  append(...entries: readonly Entry[]): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (entries.length === 0) return;
    this.#write(entries.map(lineOf).join(""));
    this.#appendedSinceCompaction += entries.length;
  }

  /** Replaces the file by one with just these entries, in one atomic step; if it throws, the file is as it was. */
  compact(entries: Iterable<Entry>): void {
    if (this.#failure !== undefined) throw this.#failure;
    const draft = `${this.#path}.new`;
    let file: number | undefined;
    let size = 0;
    try {
      file = openSync(draft, "w", OWNER_ONLY);
      size += writeAll(file, lineOf(this.#options.format));
      for (const entry of entries) size += writeAll(file, lineOf(entry));
      fsyncSync(file);
      renameSync(draft, this.#path);
    } catch (error) {
      if (file !== undefined) {
        closeSync(file);
        rmSync(draft, { force: true });
      }
      throw this.#fail(error);
    }
    closeSync(this.#file);
    this.#file = file;
    this.#size = size;
    this.#appendedSinceCompaction = 0;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(lines: string): void {
    try {
      this.#size += writeAll(this.#file, lines);
    } catch (error) {
      this.#takeBack();
      throw this.#fail(error);
    }
  }

  /** Removes what a failed write left. If even that fails, the next start cuts off the unfinished line. */
  #takeBack(): void {
    try {
      ftruncateSync(this.#file, this.#size);
    } catch {
      // The failed write is what has to be reported.
    }
  }

  #fail(error: unknown): unknown {
    if (!isSystemError(error)) return error;
    this.#failure = notSaved(this.#path, error);
    this.#options.onFailure?.(this.#failure);
    return this.#failure;
  }
}

function checkFormat(path: string, line: string, expected: JournalFormat): void {
  const found = parseLine<Partial<JournalFormat>>(path, line, 1);
  if (found.kind !== expected.kind) {
    throw new UserError(
      "UnknownDataFormat",
      `${path} is not a ${expected.kind} journal (it says "${String(found.kind)}")`,
      {
        hint: "Choose another data folder with --data.",
      },
    );
  }
  if (found.version !== expected.version) {
    throw new UserError(
      "UnknownDataFormat",
      `${path} has data format ${String(found.version)}; this version reads format ${expected.version}`,
      { hint: "Run the version of mp3drop that wrote it, or choose another data folder with --data." },
    );
  }
}

function readEntry<Entry>(path: string, line: string, lineNumber: number, apply: (entry: Entry) => void): void {
  const entry = parseLine<Entry>(path, line, lineNumber);
  try {
    apply(entry);
  } catch (cause) {
    throw damaged(path, lineNumber, cause);
  }
}

function parseLine<T>(path: string, line: string, lineNumber: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw damaged(path, lineNumber, cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as T;
  throw damaged(path, lineNumber);
}

function damaged(path: string, lineNumber: number, cause?: unknown): UserError {
  return new UserError("DamagedData", `${path} is damaged at line ${lineNumber}`, {
    cause,
    hint: "Delete the data folder to start afresh, or choose another one with --data.",
  });
}

function notSaved(path: string, cause: NodeJS.ErrnoException): UserError {
  const [name, description] = getSystemErrorMap().get(cause.errno ?? 0) ?? [cause.code, cause.message];
  return new UserError("StateNotSaved", `${path} cannot be written: ${description} (${name})`, {
    cause,
    hint: `${isOutOfSpace(cause) ? "Free some space" : "Make sure that it can be written"} and start again: what was acknowledged is kept.`,
  });
}

/** Line by line, because the text of a large journal may exceed the longest string. */
function splitLines(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    lines.push(bytes.toString("utf8", start, end));
    start = end + 1;
  }
  return lines;
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Returns the number of bytes. */
function writeAll(file: number, text: string): number {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
  return bytes.length;
}
