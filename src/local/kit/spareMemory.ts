/**
 * Memory of one size that is used again. To move many bytes through memory that is new each time costs more than to move
 * them: the system has to clear it, and the garbage collector looks through everything there is for each few dozen megabytes.
 */
export class SpareMemory {
  readonly #bytes: number;
  readonly #maxSpare: number;
  readonly #spare: Buffer[] = [];

  /** At most `maxSpare` wait to be used again. */
  constructor(bytes: number, maxSpare: number) {
    this.#bytes = bytes;
    this.#maxSpare = maxSpare;
  }

  take(): Buffer {
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(this.#bytes);
  }

  /** Once nothing reads from it or writes to it any more. What is not given back is garbage like any other. */
  giveBack(memory: Buffer): void {
    if (memory.length === this.#bytes && this.#spare.length < this.#maxSpare) this.#spare.push(memory);
  }
}
