import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** What is used of a stream to a terminal or a file. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  write(text: string): unknown;
}

const CLEAR_TO_END = "\u001B[J";
/** While the block is drawn the terminal cuts long lines itself: it alone knows how wide the characters are. */
const WRAP_OFF = "\u001B[?7l";
const WRAP_ON = "\u001B[?7h";

/** The only writer: results go to stdout, everything else to stderr, where a block of progress stays below the notes. */
export class Output {
  /** Whether a block can be redrawn in place. */
  readonly isLive: boolean;
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  #block: readonly string[] = [];

  constructor(
    stdout: OutputStream = process.stdout,
    stderr: OutputStream = process.stderr,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.isLive = stderr.isTTY === true && env["TERM"] !== "dumb";
  }

  result(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** `block` replaces the one at the bottom in the same write. */
  note(text: string, block = this.#block): void {
    const erased = this.#erased();
    this.#block = block;
    this.#stderr.write(`${erased}${text}\n${this.#drawn()}`);
  }

  /** Replaces the block at the bottom; only where `isLive`. */
  showBlock(lines: readonly string[]): void {
    const erased = this.#erased();
    this.#block = lines;
    this.#stderr.write(erased + this.#drawn());
  }

  #erased(): string {
    return this.#block.length === 0 ? "" : `\u001B[${this.#block.length}A\r${CLEAR_TO_END}`;
  }

  #drawn(): string {
    return this.#block.length === 0 ? "" : `${WRAP_OFF}${this.#block.join("\n")}\n${WRAP_ON}`;
  }
}

/** Colours for stderr if it can show them: honours NO_COLOR, FORCE_COLOR and the kind of terminal. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
