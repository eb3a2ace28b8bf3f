/** Runs jobs, oldest first, never more than `limit` at a time. */
export class Limiter {
  readonly #limit: number;
  readonly #onIdle: () => void;
  readonly #queue: (() => Promise<void>)[] = [];
  #running = 0;
  #isClosed = false;

  /** `onIdle` is called each time the last job has ended and none waits. */
  constructor(limit: number, onIdle: () => void = () => {}) {
    this.#limit = limit;
    this.#onIdle = onIdle;
  }

  get isIdle(): boolean {
    return this.#running === 0 && this.#queue.length === 0;
  }

  /** Settles as the job does; never, if `close` drops it. */
  run<Result>(job: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push(async () => {
        try {
          resolve(await job());
        } catch (error) {
          reject(error as Error);
        }
      });
      this.#pump();
    });
  }

  /** Drops what waits; what runs goes on. */
  close(): void {
    this.#isClosed = true;
    this.#queue.length = 0;
  }

  #pump(): void {
    while (!this.#isClosed && this.#running < this.#limit) {
      const job = this.#queue.shift();
      if (job === undefined) return;
      this.#running++;
      void job().then(() => {
        this.#running--;
        this.#pump();
        if (this.isIdle) this.#onIdle();
      });
    }
  }
}
