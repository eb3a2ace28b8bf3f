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
} from "node:fs";
import { dirname } from "node:path";
import { createFolder } from "./createFolder.ts";
import { damagedData, notSaved } from "./stateErrors.ts";
import { isSystemError, unusableDataFolder } from "./systemError.ts";
import { UserError } from "./userError.ts";
import { writeAll } from "./writeAll.ts";

interface JournalFormat {
  /** What the file holds, for example `batch-emulator`. */
  readonly kind: string;
  /** Raised when old readers would misread the entries. */
  readonly version: number;
  /** The oldest version that is still read; `version` if not given. */
  readonly oldestVersion?: number;
}

export interface JournalOptions<Entry> {
  readonly format: JournalFormat;
  /** Called with every entry of the file, oldest first. If it throws, the entry is damaged. */
  readonly apply: (entry: Entry) => void;
  /** Called once, when the journal can take no more entries: stop, because nothing that happens from here on is kept. */
  readonly onFailure?: (failure: UserError) => void;
}

/** A compaction writes so much at a time. */
const CHUNK_CHARACTERS = 256 * 1024;

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
  #version: number;
  #appendedSinceCompaction: number;
  #failure: UserError | undefined;

  private constructor(
    path: string,
    options: JournalOptions<Entry>,
    found: { readonly size: number; readonly version: number; readonly entryCount: number },
  ) {
    this.#path = path;
    this.#options = options;
    this.#file = openSync(path, "a", OWNER_ONLY);
    this.#size = found.size;
    this.#version = found.version;
    this.#appendedSinceCompaction = found.entryCount;
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
    let version = format.version;
    let lineNumber = 0;
    for (const line of linesOf(bytes.subarray(0, end))) {
      if (++lineNumber === 1) version = checkFormat(path, line, format);
      else readEntry(path, line, lineNumber, apply);
    }

    if (end < bytes.length) truncateSync(path, end);
    const journal = new Journal(path, options, { size: end, version, entryCount: Math.max(lineNumber - 1, 0) });
    if (lineNumber === 0) journal.#write(headerOf(format));
    return journal;
  }

  /** Bytes of the file. */
  get size(): number {
    return this.#size;
  }

  /** Whether the file is still of an older version: compact it before anything is appended. */
  get isOutdated(): boolean {
    return this.#version !== this.#options.format.version;
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
      let lines = headerOf(this.#options.format);
      for (const entry of entries) {
        lines += lineOf(entry);
        if (lines.length < CHUNK_CHARACTERS) continue;
        size += writeText(file, lines);
        lines = "";
      }
      size += writeText(file, lines);
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
    this.#version = this.#options.format.version;
    this.#appendedSinceCompaction = 0;
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(lines: string): void {
    try {
      this.#size += writeText(this.#file, lines);
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

/** Gives the version. */
function checkFormat(path: string, line: string, expected: JournalFormat): number {
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
  const { version, oldestVersion = version } = expected;
  if (typeof found.version === "number" && found.version >= oldestVersion && found.version <= version) {
    return found.version;
  }
  const readable = oldestVersion === version ? `format ${version}` : `formats ${oldestVersion} to ${version}`;
  throw new UserError(
    "UnknownDataFormat",
    `${path} has data format ${String(found.version)}; this version reads ${readable}`,
    { hint: "Run the version of mp3drop that wrote it, or choose another data folder with --data." },
  );
}

function readEntry<Entry>(path: string, line: string, lineNumber: number, apply: (entry: Entry) => void): void {
  const entry = parseLine<Entry>(path, line, lineNumber);
  try {
    apply(entry);
  } catch (cause) {
    throw damagedData(path, `line ${lineNumber}`, cause);
  }
}

function parseLine<T>(path: string, line: string, lineNumber: number): T {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw damagedData(path, `line ${lineNumber}`, cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as T;
  throw damagedData(path, `line ${lineNumber}`);
}

/** Line by line, because the text of a large journal may exceed the longest string. */
function* linesOf(bytes: Buffer): Iterable<string> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(0x0a, start);
    yield bytes.toString("utf8", start, end);
    start = end + 1;
  }
}

function headerOf({ kind, version }: JournalFormat): string {
  return lineOf({ kind, version });
}

function lineOf(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** Returns the number of bytes. */
function writeText(file: number, text: string): number {
  const bytes = Buffer.from(text);
  writeAll(file, bytes);
  return bytes.length;
}
