const QUICK_MS = 1_000;
const SLOW_MS = 10_000;
/** What somebody has asked for shows in the list after a moment only. */
const EXPECTING_MS = 10_000;
const MAX_PAUSE_MS = 60_000;

/**
 * Looks again and again: each second while something goes on, now and then otherwise, and not at all while nobody sees the
 * page. A slow answer makes the pauses longer, so that looking is never what keeps the app busy.
 */
export class Poller {
  /** Resolves with whether something goes on; a failure makes the pauses longer. */
  readonly #look: () => Promise<boolean>;
  #timer: number | undefined;
  #isLooking = false;
  #isWanted = false;
  #failures = 0;
  #quickUntilMs = 0;

  constructor(look: () => Promise<boolean>) {
    this.#look = look;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) window.clearTimeout(this.#timer);
      else this.soon();
    });
  }

  /** Looks at once, or again as soon as the look that is under way has ended. */
  soon(): void {
    this.#isWanted = true;
    if (!this.#isLooking) void this.#run();
  }

  /** Looks at once, and goes on quickly for a while even if nothing seems to go on. */
  expectNews(): void {
    this.#quickUntilMs = performance.now() + EXPECTING_MS;
    this.soon();
  }

  async #run(): Promise<void> {
    window.clearTimeout(this.#timer);
    this.#isLooking = true;
    let pauseMs = QUICK_MS;
    while (this.#isWanted) {
      this.#isWanted = false;
      const beganAt = performance.now();
      try {
        const isQuick = (await this.#look()) || performance.now() < this.#quickUntilMs;
        pauseMs = isQuick ? QUICK_MS : SLOW_MS;
        this.#failures = 0;
      } catch {
        this.#failures += 1;
        pauseMs = QUICK_MS * 2 ** this.#failures;
      }
      pauseMs = Math.min(Math.max(pauseMs, 4 * (performance.now() - beganAt)), MAX_PAUSE_MS);
    }
    this.#isLooking = false;
    if (!document.hidden) this.#timer = window.setTimeout(() => this.soon(), pauseMs);
  }
}
