import type { BlobNews } from "../../local/kit/blobNews.ts";

/**
 * Calls back for each version of a blob that storage tells of, until the returned function is called. Some may be missed.
 * `onFailure` learns that nothing more will be heard. Throws if nothing can be heard at all.
 */
export type FollowBlobs = (onNews: (news: BlobNews) => void, onFailure: () => void) => () => void;

interface RecordNewsOptions<Waiting> {
  /** Undefined where storage tells nobody. */
  readonly follow: FollowBlobs | undefined;
  /** The container of the records. */
  readonly container: string;
  /** There is a new record of that name. It may be about another version of the input. */
  readonly onRecord: (waiting: Waiting) => void;
  /** `isHeard` has changed. */
  readonly onChange: () => void;
}

/** Hears from storage of the records that somebody waits for. */
export class RecordNews<Waiting> {
  readonly #options: RecordNewsOptions<Waiting>;
  readonly #waiting = new Map<string, Set<Waiting>>();
  #stop: (() => void) | undefined;
  #isHeard = false;

  constructor(options: RecordNewsOptions<Waiting>) {
    this.#options = options;
  }

  /** Whether storage has told of anything since somebody began to wait, so that it is likely to tell of the records, too. */
  get isHeard(): boolean {
    return this.#isHeard;
  }

  add(record: string, waiting: Waiting): void {
    const others = this.#waiting.get(record) ?? new Set();
    this.#waiting.set(record, others.add(waiting));
    this.#stop ??= this.#start();
  }

  delete(record: string, waiting: Waiting): void {
    const others = this.#waiting.get(record);
    others?.delete(waiting);
    if (others?.size === 0) this.#waiting.delete(record);
    if (this.#waiting.size === 0) this.#end();
  }

  #start(): (() => void) | undefined {
    const { follow, onChange } = this.#options;
    try {
      return follow?.(
        (news) => this.#hear(news),
        () => {
          this.#end();
          onChange();
        },
      );
    } catch {
      return undefined;
    }
  }

  #hear({ container, name }: BlobNews): void {
    const { onRecord, onChange } = this.#options;
    if (!this.#isHeard) {
      this.#isHeard = true;
      onChange();
    }
    if (container !== this.#options.container) return;
    for (const waiting of this.#waiting.get(name) ?? []) onRecord(waiting);
  }

  #end(): void {
    this.#stop?.();
    this.#stop = undefined;
    this.#isHeard = false;
  }
}
