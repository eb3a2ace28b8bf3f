import type { Cancel, Clock } from "./clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  /** Undefined once it is cancelled, so that what it would have acted on need not wait for its time. */
  action: (() => void) | undefined;
}

/** A clock that moves only when told to, so that days pass in seconds. */
export class VirtualClock implements Clock {
  readonly #heap: Timer[] = [];
  #now: number;
  #order = 0;

  constructor(start: Date | number = Date.UTC(2026, 0, 1)) {
    this.#now = Number(start);
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, action: () => void): Cancel {
    return this.at(this.#now + delayMs, action);
  }

  at(time: number, action: () => void): Cancel {
    const timer: Timer = { at: Math.max(this.#now, time), order: this.#order++, action };
    push(this.#heap, timer);
    return () => {
      timer.action = undefined;
    };
  }

  /** Fires what falls due, in order, and lets everything that follows from each moment happen before the next. */
  async advance(byMs: number): Promise<void> {
    const end = this.#now + byMs;
    await settle();
    for (let first = this.#takeNext(end); first !== undefined; first = this.#takeNext(end)) {
      this.#now = first.at;
      for (let next: Timer | undefined = first; next !== undefined; next = this.#takeNext(this.#now)) next.action?.();
      await settle();
    }
    this.#now = end;
  }

  /** Fires the timer that is due next; false if none is left. */
  jumpToNext(): boolean {
    const next = this.#takeNext();
    if (next === undefined) return false;
    this.#now = next.at;
    next.action?.();
    return true;
  }

  #takeNext(until = Number.POSITIVE_INFINITY): Timer | undefined {
    for (let next = this.#heap[0]; next !== undefined && next.at <= until; next = this.#heap[0]) {
      pop(this.#heap);
      if (next.action !== undefined) return next;
    }
    return undefined;
  }
}

/** Waits until everything that follows from settled promises has happened. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function isBefore(a: Timer | undefined, b: Timer | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

function swap(heap: Timer[], i: number, j: number): void {
  const [a, b] = [heap[i], heap[j]];
  if (a === undefined || b === undefined) return;
  heap[i] = b;
  heap[j] = a;
}

function push(heap: Timer[], timer: Timer): void {
  heap.push(timer);
  for (let i = heap.length - 1; i > 0;) {
    const parent = (i - 1) >> 1;
    if (!isBefore(heap[i], heap[parent])) return;
    swap(heap, i, parent);
    i = parent;
  }
}

function pop(heap: Timer[]): void {
  swap(heap, 0, heap.length - 1);
  heap.pop();
  for (let i = 0; ;) {
    const left = 2 * i + 1;
    const child = isBefore(heap[left + 1], heap[left]) ? left + 1 : left;
    if (!isBefore(heap[child], heap[i])) return;
    swap(heap, i, child);
    i = child;
  }
}
