import type { Archive, Relocate } from "./archive.ts";
import { Journal } from "./journal.ts";
import type { JournalOptions } from "./journal.ts";
import type { UserError } from "./userError.ts";

interface ArchivingJournalOptions<Entry> extends JournalOptions<Entry> {
  /** Not yet open. Its places are in entries of the journal. */
  readonly archive: Archive;
  /** The fewest entries that give the present state again, with the places of what is archived. */
  readonly snapshot: () => Iterable<Entry>;
  readonly relocate: Relocate;
  /** A journal that is smaller is not compacted; 4 MiB if not given. */
  readonly compactAtBytes?: number;
}

/** A start reads so much in about half a second. */
const COMPACT_AT_BYTES = 4 * 1024 * 1024;

/**
 * The journal of a state that keeps in an archive what has ended. What both files take on the disk, and what a start has
 * to read, is bounded by a small multiple of what is in the state.
 *
 * To archive something: append its body to the archive, then an entry with its key and place to the journal, then apply that.
 * When the state lets go of an archived thing, it releases its place.
 */
export class ArchivingJournal<Entry extends object> {
  readonly #journal: Journal<Entry>;
  readonly #options: ArchivingJournalOptions<Entry>;
  readonly #compactAtBytes: number;
  #compactedSize = 0;
  #archivedAtCompaction = 0;

  private constructor(journal: Journal<Entry>, options: ArchivingJournalOptions<Entry>) {
    this.#journal = journal;
    this.#options = options;
    this.#compactAtBytes = options.compactAtBytes ?? COMPACT_AT_BYTES;
  }

  /** Opens both. Throws as `Journal.open` and `Archive.open` do. */
  static open<Entry extends object>(path: string, options: ArchivingJournalOptions<Entry>): ArchivingJournal<Entry> {
    let isFailed = false;
    const onFailure = (failure: UserError): void => {
      if (!isFailed) options.onFailure?.(failure);
      isFailed = true;
    };
    const journal = Journal.open(path, { ...options, onFailure });
    const opened = new ArchivingJournal(journal, options);
    try {
      options.archive.open(options.relocate, onFailure);
      if (journal.isOutdated) opened.#compact();
    } catch (error) {
      opened.close();
      throw error;
    }
    return opened;
  }

  /** What every call throws from here on, and what `onFailure` was given. */
  get failure(): UserError | undefined {
    return this.#journal.failure ?? this.#options.archive.failure;
  }

  /** Keeps all of the entries or, if it throws, none. */
  append(...entries: readonly Entry[]): void {
    if (this.failure !== undefined) throw this.failure;
    this.#journal.append(...entries);
  }

  /** To be called only while the state is what the entries appended so far make of it. */
  compactWhenWorthwhile(): void {
    const { archive } = this.#options;
    if (this.#isMostlyStale(archive) || archive.isMostlyGarbage) this.#compact();
  }

  close(): void {
    this.#journal.close();
    this.#options.archive.close();
  }

  /** What was archived has left at least as much behind in the journal; of the rest nothing is known. */
  #isMostlyStale(archive: Archive): boolean {
    const { size } = this.#journal;
    if (size < this.#compactAtBytes) return false;
    const stale = archive.appendedBytes - this.#archivedAtCompaction;
    return stale * 2 >= size || size >= this.#compactedSize * 2;
  }

  /** At any point of this a crash leaves a journal whose places are right, and besides that garbage at most. */
  #compact(): void {
    const { archive, snapshot, relocate } = this.#options;
    archive.gather(relocate);
    archive.sync();
    this.#journal.compact(snapshot());
    archive.deleteUnused();
    this.#compactedSize = this.#journal.size;
    this.#archivedAtCompaction = archive.appendedBytes;
  }
}
