import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { UserError } from "./userError.ts";

export interface JournalFormat {
  /** What the file holds, for example `batch-emulator`. */
  readonly kind: string;
  /** Raised when old readers would misread the entries. */
  readonly version: number;
}

/**
 * An append-only file of JSON lines that survives `kill -9` at any moment.
 *
 * An entry is one `write(2)`: once `append` has returned, the entry is with the operating system and outlives this
 * process. A half-written last line is what an interrupted `append` leaves; nobody was told it was kept, so it is cut.
 * Power loss is out of scope: this is the state of a stack on a developer's machine.
 */
export class Journal<Entry> {
  readonly #path: string;
  readonly #format: JournalFormat;
  #file: number;
  #appendedSinceCompaction = 0;

  private constructor(path: string, format: JournalFormat, file: number, entryCount: number) {
    this.#path = path;
    this.#format = format;
    this.#file = file;
    this.#appendedSinceCompaction = entryCount;
  }

  /**
   * Opens or creates the journal and hands every entry to `apply`, oldest first.
   * Throws a `UserError` when the file is another kind, from a newer version, or damaged; it is then left as it is.
   */
  static open<Entry>(path: string, format: JournalFormat, apply: (entry: Entry) => void): Journal<Entry> {
    mkdirSync(dirname(path), { recursive: true });
    const header = `${JSON.stringify(format)}\n`;
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const end = bytes.lastIndexOf(0x0a) + 1;
    const [first, ...lines] = splitLines(bytes.subarray(0, end));
    if (first !== undefined) checkFormat(path, first, format);
    lines.forEach((line, index) => apply(parseEntry<Entry>(path, line, index + 2)));

    if (end < bytes.length) truncateSync(path, end);
    const file = openSync(path, "a");
    if (first === undefined) writeSync(file, header);
    return new Journal<Entry>(path, format, file, lines.length);
  }

  /** Entries in the file that a compaction could drop, since the last one. */
  get appendedSinceCompaction(): number {
    return this.#appendedSinceCompaction;
  }

  append(...entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    writeAll(this.#file, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    this.#appendedSinceCompaction += entries.length;
  }

  /** Replaces the file by one with just these entries, in one atomic step. */
  compact(entries: Iterable<Entry>): void {
    const temporary = `${this.#path}.new`;
    const file = openSync(temporary, "w");
    writeAll(file, `${JSON.stringify(this.#format)}\n`);
    for (const entry of entries) writeAll(file, `${JSON.stringify(entry)}\n`);
    fsyncSync(file);
    closeSync(file);
    closeSync(this.#file);
    renameSync(temporary, this.#path);
    this.#file = openSync(this.#path, "a");
    this.#appendedSinceCompaction = 0;
  }

  close(): void {
    closeSync(this.#file);
  }
}

function checkFormat(path: string, line: string, expected: JournalFormat): void {
  const found = parseEntry<Partial<JournalFormat>>(path, line, 1);
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

function parseEntry<Entry>(path: string, line: string, lineNumber: number): Entry {
  try {
    return JSON.parse(line) as Entry;
  } catch (cause) {
    throw new UserError("DamagedData", `${path} is damaged at line ${lineNumber}`, {
      cause,
      hint: "Delete the data folder to start afresh, or choose another one with --data.",
    });
  }
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

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
}
