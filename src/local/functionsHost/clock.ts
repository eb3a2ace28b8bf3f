export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back once, not before `time`; the returned function cancels it. */
  at(time: number, callback: () => void): () => void;
}

/** Node fires a longer `setTimeout` at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: Date.now,
  at(time, callback) {
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const remaining = time - Date.now();
      handle = setTimeout(
        () => (Date.now() < time ? arm() : callback()),
        Math.min(Math.max(remaining, 0), MAX_TIMEOUT_MS),
      );
    };
    arm();
    return () => clearTimeout(handle);
  },
};

/** A clock that stands still until it is told to jump to whatever is due next, so that days pass in no time. */
export class VirtualClock implements Clock {
  #now: number;
  readonly #due = new Set<{ readonly time: number; readonly callback: () => void }>();

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  at(time: number, callback: () => void): () => void {
    const entry = { time, callback };
    this.#due.add(entry);
    return () => this.#due.delete(entry);
  }

  /** False when nothing is due any more. */
  jumpToNext(): boolean {
    const [first] = [...this.#due].toSorted((a, b) => a.time - b.time);
    if (first === undefined) return false;
    this.#due.delete(first);
    this.#now = Math.max(this.#now, first.time);
    first.callback();
    return true;
  }
}
