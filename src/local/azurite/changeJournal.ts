import { Journal } from "../kit/journal.ts";
import type { UserError } from "../kit/userError.ts";
import { ChangedDatabase } from "./savedDatabase.ts";
import type { Change, SavedDatabase } from "./savedDatabase.ts";

/** What happened in one turn, so that either all of it survives or nothing. */
interface Entry {
  readonly changes: readonly Change[];
}

const FORMAT = { kind: "azurite-changes", version: 1 };
/** Reading a thousand at the next start takes some milliseconds. */
const DROPPED_AT_ONCE = 1_000;

/**
 * What has changed in a database since it was last saved, in a file beside the database. A change is with the operating
 * system before anybody hears of it: it is written at the end of the turn that made it, and an answer leaves in a later one.
 */
export class ChangeJournal {
  readonly #journal: Journal<Entry>;
  /** Of this turn, and not written yet. */
  #pending: Change[] = [];
  /** Written since the last save began. */
  #sinceSave: Entry[] = [];

  /** Opens the journal of a database that starts empty: what an earlier one has left is dropped. */
  static openEmpty(databasePath: string, onFailure: (failure: UserError) => void): ChangeJournal {
    const journal = openJournal(databasePath, onFailure, () => {});
    if (journal.appendedSinceCompaction > 0) journal.compact([]);
    return new ChangeJournal(journal);
  }

  /** Opens the journal of a database that was saved, and brings the database up to date. Throws when it is damaged. */
  static openFor(
    databasePath: string,
    saved: SavedDatabase,
    onFailure: (failure: UserError) => void,
  ): { readonly changes: ChangeJournal; readonly database: SavedDatabase } {
    const changed = new ChangedDatabase(saved);
    const journal = openJournal(databasePath, onFailure, ({ changes }) => {
      for (const change of changes) changed.apply(change);
    });
    return { changes: new ChangeJournal(journal), database: changed.finish() };
  }

  private constructor(journal: Journal<Entry>) {
    this.#journal = journal;
  }

  /** How many turns have changed the database since it was last saved. */
  get countSinceSave(): number {
    return this.#sinceSave.length;
  }

  add(change: Change): void {
    if (this.#pending.length === 0) queueMicrotask(() => this.#write());
    // A copy: the database goes on with its documents, and takes the number from one that it removes.
    this.#pending.push(JSON.parse(JSON.stringify(change)) as Change);
  }

  /** To be called when the state has been taken that is being saved. */
  saveBegins(): void {
    this.#sinceSave = [];
  }

  /** To be called once it is in its file: older changes are needed no more, and go when there are enough of them. */
  saved(): void {
    if (this.#journal.appendedSinceCompaction - this.#sinceSave.length < DROPPED_AT_ONCE) return;
    this.#journal.compact(this.#sinceSave);
  }

  #write(): void {
    const entry = { changes: this.#pending };
    this.#pending = [];
    this.#sinceSave.push(entry);
    this.#journal.append(entry);
  }
}

function openJournal(
  databasePath: string,
  onFailure: (failure: UserError) => void,
  apply: (entry: Entry) => void,
): Journal<Entry> {
  return Journal.open<Entry>(`${databasePath}.changes`, { format: FORMAT, apply, onFailure });
}
