import { styleText } from "node:util";
import { printable } from "./printable.ts";

type Style = Parameters<typeof styleText>[0];

/** What is used of a stream to a terminal or a file. */
export interface OutputStream {
  readonly isTTY?: boolean | undefined;
  /** The height of a terminal. */
  readonly rows?: number | undefined;
  write(text: string): unknown;
}

const DEFAULT_ROWS = 24;
const CLEAR_TO_END = "\u001B[J";
/** While the block is drawn the terminal cuts long lines itself: it alone knows how wide the characters are. */
const WRAP_OFF = "\u001B[?7l";
const WRAP_ON = "\u001B[?7h";

/** The only writer: results go to stdout, everything else to stderr, where a block of progress stays below the notes. */
export class Output {
  /** Whether a block can be redrawn in place. */
  readonly isLive: boolean;
  /** Whether the results go to a terminal, too. */
  readonly showsResults: boolean;
  /** Aborted when nobody reads the results any more, as in `… | head`. */
  readonly unread: AbortSignal;
  readonly #readerGone = new AbortController();
  readonly #stdout: OutputStream;
  readonly #stderr: OutputStream;
  readonly #isTerminal: boolean;
  #block: readonly string[] = [];

  constructor(
    stdout: OutputStream = process.stdout,
    stderr: OutputStream = process.stderr,
    env: NodeJS.ProcessEnv = process.env,
  ) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#isTerminal = stderr.isTTY === true;
    this.isLive = this.#isTerminal && env["TERM"] !== "dumb";
    this.showsResults = stdout.isTTY === true;
    this.unread = this.#readerGone.signal;
  }

  /** How many lines the terminal has. */
  get rows(): number {
    return this.#stderr.rows || DEFAULT_ROWS;
  }

  /** To be called when the reader of the results is gone. */
  endResults(): void {
    this.#readerGone.abort();
  }

  result(text: string): void {
    this.#stdout.write(`${text}\n`);
  }

  /** `block` replaces the one at the bottom in the same write. */
  note(text: string, block = this.#block): void {
    const erased = this.#erased();
    this.#block = block;
    this.#stderr.write(`${erased}${this.#shown(text)}\n${this.#drawn()}`);
  }

  /** A question, whose answer is typed in the same line. */
  question(text: string): void {
    this.#stderr.write(this.#shown(text));
  }

  /** Replaces the block at the bottom; only where `isLive`. */
  showBlock(lines: readonly string[]): void {
    const erased = this.#erased();
    this.#block = lines;
    this.#stderr.write(erased + this.#drawn());
  }

  /** Only a terminal obeys control characters; the pipe from a service to its parent carries its log as it is. */
  #shown(text: string): string {
    return this.#isTerminal ? harmless(text) : text;
  }

  #erased(): string {
    return this.#block.length === 0 ? "" : `\u001B[${this.#block.length}A\r${CLEAR_TO_END}`;
  }

  #drawn(): string {
    return this.#block.length === 0 ? "" : `${WRAP_OFF}${this.#shown(this.#block.join("\n"))}\n${WRAP_ON}`;
  }
}

/**
 * Of what a terminal obeys, only our colours and line ends are left. This is the last resort: names are made printable
 * where they become part of a text, because they may hold colours and line ends themselves.
 */
function harmless(text: string): string {
  // oxlint-disable-next-line no-control-regex -- escape sequences are what a terminal obeys
  const parts = text.split(/(\u001B\[\d+m|[\n\t])/);
  return parts.map((part, index) => (index % 2 === 0 ? printable(part) : part)).join("");
}

/** Colours for stderr if it can show them: honours NO_COLOR, FORCE_COLOR and the kind of terminal. */
export function styled(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stderr });
}
