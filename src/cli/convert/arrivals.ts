import { statSync } from "node:fs";

/** How long a file must not have changed before it counts as complete. */
export const STEADY_MS = 2_000;

interface ArrivalsOptions {
  /** In milliseconds since 1970. */
  readonly now: () => number;
  /** Which of these files somebody is still writing to, as far as that can be seen. */
  readonly openForWriting: (paths: readonly string[]) => ReadonlySet<string>;
}

interface Seen {
  /** Says which version of the file it was. */
  readonly version: string;
  readonly since: number;
  /** Whether this version was there at the first look. */
  readonly isFromStart: boolean;
  /** Whether this version has been handed over. */
  isTaken: boolean;
}

/** What a look at a folder has found out. */
export interface Arrived {
  /** Complete, and not handed over before in this version. */
  readonly ready: readonly string[];
  /** Those of them that are as they were at the first look. */
  readonly fromStart: ReadonlySet<string>;
  /** Still changing, or changed too short a time ago. */
  readonly growing: readonly string[];
  /** Were growing, and are not there any more. */
  readonly gone: readonly string[];
}

/**
 * Tells the files of a folder that are complete from those that somebody still writes to. A file is complete when it has not
 * changed for a while and nobody is seen to have it open for writing. One that was moved here has not changed for longer
 * than it has been here, and is complete at once. One that is replaced is a new file.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #seen = new Map<string, Seen>();
  #isFirst = true;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  /** `paths` are all files that are there now. */
  look(paths: readonly string[]): Arrived {
    const now = this.#options.now();
    const steady: string[] = [];
    const growing: string[] = [];
    for (const path of paths) {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stats === undefined) continue;
      const version = `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs}`;
      let seen = this.#seen.get(path);
      if (seen?.version !== version) {
        seen = { version, since: now, isFromStart: this.#isFirst, isTaken: false };
        this.#seen.set(path, seen);
      }
      if (seen.isTaken) continue;
      // A clock of another machine may be ahead of ours; then only what we have seen counts.
      const isOld = now - Number(stats.mtimeMs) >= STEADY_MS;
      (isOld || now - seen.since >= STEADY_MS ? steady : growing).push(path);
    }
    const open = this.#options.openForWriting(steady);
    const ready = steady.filter((path) => !open.has(path));
    const fromStart = new Set(ready.filter((path) => this.#seen.get(path)?.isFromStart));
    for (const path of ready) this.#take(path);
    this.#isFirst = false;
    return { ready, fromStart, growing: [...growing, ...open], gone: this.#forgetAllBut(new Set(paths)) };
  }

  /** Hands the file over once more when it is complete: it turned out not to have been. */
  giveBack(path: string): void {
    this.#seen.delete(path);
  }

  #take(path: string): void {
    const seen = this.#seen.get(path);
    if (seen !== undefined) seen.isTaken = true;
  }

  #forgetAllBut(present: ReadonlySet<string>): string[] {
    const missing = [...this.#seen].filter(([path]) => !present.has(path));
    for (const [path] of missing) this.#seen.delete(path);
    return missing.filter(([, { isTaken }]) => !isTaken).map(([path]) => path);
  }
}
