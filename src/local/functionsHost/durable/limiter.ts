/** Runs queued jobs, oldest first, never more than `limit` at a time. */
export class Limiter {
  readonly #limit: number;
  readonly #queue: (() => Promise<void>)[] = [];
  #running = 0;
  #isClosed = false;
  readonly #onIdle: () => void;

  constructor(limit: number, onIdle: () => void) {
    this.#limit = limit;
    this.#onIdle = onIdle;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#queue.length === 0;
  }

  /** `job` must not reject. */
  add(job: () => Promise<void>): void {
    this.#queue.push(job);
    this.#pump();
  }

  /** What waits is dropped, what runs goes on. */
  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  #pump(): void {
    while (!this.#isClosed && this.#running < this.#limit) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#running++;
      void job().finally(() => {
        this.#running--;
        this.#pump();
        if (this.isIdle) this.#onIdle();
      });
    }
  }
}
