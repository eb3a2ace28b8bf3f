import { once } from "node:events";
import type { Interface } from "node:readline";
import { createInterface } from "node:readline";
import type { Output } from "../../local/kit/commandLine/output.ts";

/** Asks a person at a terminal, one question after the other. */
export class Questions {
  readonly #output: Output;
  readonly #lines: Interface;
  readonly #signal: AbortSignal;
  #isClosed = false;

  constructor(output: Output, input: NodeJS.ReadableStream, signal: AbortSignal) {
    this.#output = output;
    this.#signal = signal;
    // Not as a terminal, whose Ctrl-C would then be a character instead of a signal.
    this.#lines = createInterface({ input, terminal: false });
    this.#lines.once("close", () => (this.#isClosed = true));
  }

  /** No is the answer to anything but y or yes, and at the end of the input. */
  async isYes(question: string): Promise<boolean> {
    this.#output.question(`${question} [y/N] `);
    const answered = new AbortController();
    const signal = AbortSignal.any([this.#signal, answered.signal]);
    try {
      if (this.#isClosed) return false;
      const line = await Promise.race([
        once(this.#lines, "line", { signal }).then(([text]) => String(text)),
        once(this.#lines, "close", { signal }).then(() => ""),
      ]);
      return /^\s*y(es)?\s*$/i.test(line);
    } finally {
      answered.abort();
    }
  }

  close(): void {
    this.#lines.close();
  }
}
