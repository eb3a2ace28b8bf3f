import { existsSync } from "node:fs";
import type { Workload } from "../../workloads/workload.ts";
import { Arrivals } from "./arrivals.ts";
import { openForWriting } from "./openForWriting.ts";
import type { Skipped } from "./skipped.ts";
import type { Source } from "./sources.ts";
import { sourcesBelow } from "./sources.ts";

const LOOK_MS = 1_000;
/** A look at a large folder, or over a slow network, takes its time; this much is left for others in between. */
const PAUSE_PER_LOOK = 20;

export interface FolderWatchOptions {
  /** What is watched. */
  readonly root: string;
  /** The folder that the user is in: where `out` starts. */
  readonly folder: string;
  readonly out: string | undefined;
  /** Whether a file whose result is there is left alone, also one that comes later. */
  readonly keepsResults: boolean;
  readonly workloads: readonly Workload[];
  /** Aborted, it ends the watch. */
  readonly signal: AbortSignal;
  readonly onReady: (sources: readonly Source[]) => void;
  /** The path of a file that is still being written. */
  readonly onGrowing: (path: string) => void;
  /** Was growing, and is not there any more. */
  readonly onGone: (path: string) => void;
  /** Is complete, and is left alone, since it has a result. */
  readonly onKept: (path: string) => void;
  readonly onSkipped: (skipped: Skipped) => void;
  readonly clock: WatchClock;
}

export interface WatchClock {
  /** In milliseconds since 1970. */
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Looks at a folder again and again: events of file systems get lost, and network drives have none. What is there at the
 * first look, and has a result by the time it is complete, is left alone.
 */
export class FolderWatch {
  readonly #options: FolderWatchOptions;
  readonly #arrivals: Arrivals;
  readonly #told = new Set<string>();

  constructor(options: FolderWatchOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals({ now: options.clock.now, openForWriting });
  }

  /** Until the signal is aborted. Throws an error of the system when the folder cannot be read any more. */
  async run(): Promise<void> {
    const { signal, clock } = this.#options;
    while (!signal.aborted) {
      const startedAt = clock.now();
      this.#look();
      const pauseMs = Math.max(LOOK_MS, (clock.now() - startedAt) * PAUSE_PER_LOOK);
      await clock.pause(pauseMs, signal).catch(() => {});
    }
  }

  /** The file was not complete after all: it is handed over again when it is. */
  giveBack({ path }: Source): void {
    this.#arrivals.giveBack(path);
  }

  #look(): void {
    const { root, folder, out, workloads, keepsResults, onReady, onGrowing, onGone, onKept, onSkipped } = this.#options;
    const { sources, skipped } = sourcesBelow(root, folder, out, workloads);
    for (const entry of skipped) this.#once(`${entry.code} ${entry.path}`, () => onSkipped(entry));
    const { ready, fromStart, growing, gone } = this.#arrivals.look([...new Set(sources.map(({ path }) => path))]);
    for (const path of growing) onGrowing(path);
    for (const path of gone) onGone(path);
    const isReady = new Set(ready);
    const isDone = ({ path, resultPath }: Source): boolean =>
      (keepsResults || fromStart.has(path)) && existsSync(resultPath);
    const wanted = sources.filter((source) => isReady.has(source.path) && !isDone(source));
    const isWanted = new Set(wanted.map(({ path }) => path));
    for (const path of ready) if (!isWanted.has(path)) onKept(path);
    if (wanted.length > 0) onReady(wanted);
  }

  #once(what: string, tell: () => void): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    tell();
  }
}
