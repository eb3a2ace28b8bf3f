import type { Archive, Relocate } from "../kit/archive.ts";
import { ArchivingJournal } from "../kit/archivingJournal.ts";
import type { UserError } from "../kit/userError.ts";

/** One part of the host's state. It knows its own entries and nothing about the file. */
interface StatePart {
  /** Throws if the entry is not one that this part has written. */
  check(entry: unknown): void;
  /** Gets only entries that were written for this part. */
  apply(entry: never): void;
  /** The fewest entries that give the present state again. */
  snapshot(): Iterable<unknown>;
  /** For a part that archives. */
  readonly relocate?: Relocate;
}

interface Line {
  readonly part: string;
  readonly entry: unknown;
}

interface StateFileOptions {
  /** Not yet open. */
  readonly archive: Archive;
  /** From which size on the file may be compacted, as `ArchivingJournal` has it. */
  readonly compactAtBytes?: number;
}

/** Raise the version if an older host would misread the entries. Version 1 had no archive, version 2 no locks. */
const FORMAT = { kind: "functions-host", version: 3, oldestVersion: 1 };

/**
 * Everything the host must not forget, in one journal, so that opening it either succeeds as a whole or leaves the disk
 * as it was.
 */
export class StateFile {
  readonly #path: string;
  readonly #parts: ReadonlyMap<string, StatePart>;
  readonly #options: StateFileOptions;
  #journal: ArchivingJournal<Line> | undefined;

  constructor(path: string, parts: Readonly<Record<string, StatePart>>, options: StateFileOptions) {
    this.#path = path;
    this.#parts = new Map(Object.entries(parts));
    this.#options = options;
  }

  /** Gives every part what was written for it. `onFailure` is called once, when entries can no longer be kept. */
  open(onFailure: (failure: UserError) => void = () => {}): void {
    const parts = this.#parts;
    this.#journal = ArchivingJournal.open<Line>(this.#path, {
      ...this.#options,
      format: FORMAT,
      apply: ({ part, entry }) => {
        const state = this.#partNamed(part);
        state.check(entry);
        state.apply(entry as never);
      },
      *snapshot() {
        for (const [part, state] of parts) for (const entry of state.snapshot()) yield { part, entry };
      },
      relocate: (move) => {
        for (const state of parts.values()) state.relocate?.(move);
      },
      onFailure,
    });
  }

  /** Appends for one part. The caller applies the entry afterwards. */
  writer<Entry>(part: string): (entry: Entry) => void {
    return (entry) => {
      if (this.#journal === undefined) throw new Error("The state file is not open");
      // Before it is appended: every part agrees with the file.
      this.#journal.compactWhenWorthwhile();
      this.#journal.append({ part, entry });
    };
  }

  close(): void {
    this.#journal?.close();
    this.#journal = undefined;
  }

  #partNamed(name: string): StatePart {
    const part = this.#parts.get(name);
    if (part === undefined) throw new Error(`There is no part ${name} of the state`);
    return part;
  }
}
