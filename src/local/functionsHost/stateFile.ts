import { Journal } from "../kit/journal.ts";
import type { UserError } from "../kit/userError.ts";

/** One part of the host's state. It knows its own entries and nothing about the file. */
interface StatePart {
  /** Throws if the entry is not one that this part has written. */
  check(entry: unknown): void;
  /** Gets only entries that were written for this part. */
  apply(entry: never): void;
  /** The fewest entries that give the present state again. */
  snapshot(): Iterable<unknown>;
}

interface Line {
  readonly part: string;
  readonly entry: unknown;
}

/** Raise the version if an older host would misread the entries. */
const FORMAT = { kind: "functions-host", version: 1 };
const MIN_ENTRIES_BEFORE_COMPACTION = 20_000;

/**
 * Everything the host must not forget, in one journal, so that opening it either succeeds as a whole or leaves the disk
 * as it was.
 */
export class StateFile {
  readonly #path: string;
  readonly #parts: ReadonlyMap<string, StatePart>;
  #journal: Journal<Line> | undefined;
  #compactAt = MIN_ENTRIES_BEFORE_COMPACTION;

  constructor(path: string, parts: Readonly<Record<string, StatePart>>) {
    this.#path = path;
    this.#parts = new Map(Object.entries(parts));
  }

  /** Gives every part what was written for it. `onFailure` is called once, when entries can no longer be kept. */
  open(onFailure: (failure: UserError) => void = () => {}): void {
    this.#journal = Journal.open<Line>(this.#path, {
      format: FORMAT,
      apply: ({ part, entry }) => {
        const state = this.#partNamed(part);
        state.check(entry);
        state.apply(entry as never);
      },
      onFailure,
    });
  }

  /** Appends for one part. The caller applies the entry afterwards. */
  writer<Entry>(part: string): (entry: Entry) => void {
    return (entry) => {
      if (this.#journal === undefined) throw new Error("The state file is not open");
      this.#compactWhenWorthwhile(this.#journal);
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

  /** Comes before an append, when every part agrees with the file. */
  #compactWhenWorthwhile(journal: Journal<Line>): void {
    if (journal.appendedSinceCompaction < this.#compactAt) return;
    const lines = [...this.#parts].flatMap(([part, state]) => [...state.snapshot()].map((entry) => ({ part, entry })));
    journal.compact(lines);
    this.#compactAt = Math.max(MIN_ENTRIES_BEFORE_COMPACTION, lines.length * 4);
  }
}
