import { describeStage } from "./convert/stage.ts";
import type { Stage } from "./convert/stage.ts";
import type { Output } from "../local/kit/commandLine/output.ts";
import { styled } from "../local/kit/commandLine/output.ts";
import { formatSeconds } from "./format.ts";

/** A terminal flickers, and ssh lags, when it is redrawn more often. */
const REDRAW_MS = 100;
const MAX_ACTIVE_LINES = 8;
const STAGE_WIDTH = 18;
/** Where nothing is redrawn, a percentage is worth a new line only at each of these steps. */
const PERCENT_STEP = 25;

/** Shows how conversions are going: in a block that is redrawn on a terminal, elsewhere in one line per change. */
export class Progress {
  readonly #output: Output;
  readonly #total: number | undefined;
  readonly #startedAt = performance.now();
  readonly #stages = new Map<string, Stage>();
  #done = 0;
  #failed = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Without a total: more may come, until Ctrl-C. */
  constructor(output: Output, total: number | undefined) {
    this.#output = output;
    this.#total = total;
  }

  /** `name` must be printable. */
  update(name: string, stage: Stage): void {
    const before = this.#stages.get(name);
    this.#stages.set(name, stage);
    if (this.#output.isLive) this.#redrawSoon();
    else if (stage.step !== "queued" && lineKey(before) !== lineKey(stage)) {
      this.#output.note(`${name}: ${describeStage(stage)}`);
    }
  }

  /** It will not be converted after all. */
  forget(name: string): void {
    if (this.#stages.delete(name) && this.#output.isLive) this.#redrawSoon();
  }

  /** Shows that it is at work, also while there is nothing to do. */
  start(): void {
    if (this.#output.isLive) this.#redrawSoon();
  }

  succeeded(name: string, text: string): void {
    this.#done += 1;
    this.#end(name, `${styled("green", "✓")} ${name} ${text}`);
  }

  failed(name: string, text: string): void {
    this.#failed += 1;
    this.#end(name, `${styled("red", "✗")} ${name} ${text}`);
  }

  /** Removes the block; the lines of finished conversions stay. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#output.isLive) this.#output.showBlock([]);
  }

  #end(name: string, line: string): void {
    this.#stages.delete(name);
    if (this.#output.isLive) this.#output.note(line, this.#block());
    else this.#output.note(line);
  }

  #redrawSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#output.showBlock(this.#block());
    }, REDRAW_MS);
  }

  #block(): string[] {
    const active = [...this.#stages].filter(([, stage]) => stage.step !== "queued");
    const shown = active.slice(0, MAX_ACTIVE_LINES);
    // The name comes last: the terminal cuts what does not fit.
    const lines = shown.map(
      ([name, stage]) => `${styled("cyan", "…")} ${describeStage(stage).padEnd(STAGE_WIDTH)} ${name}`,
    );
    if (active.length > shown.length) lines.push(styled("dim", `  and ${active.length - shown.length} more`));
    const failed = this.#failed === 0 ? "" : `, ${this.#failed} failed`;
    const elapsed = formatSeconds(performance.now() - this.#startedAt);
    if (this.#total === undefined) {
      return [...lines, `  ${this.#done} converted${failed}, waiting for more until Ctrl-C`];
    }
    return [...lines, `  ${this.#done} of ${this.#total} converted${failed}, ${elapsed}`];
  }
}

/** Stages with the same key share one line. */
function lineKey(stage: Stage | undefined): string | undefined {
  if (stage === undefined) return undefined;
  if (!("percent" in stage) || stage.percent === null) return describeStage(stage);
  return `${stage.step} ${Math.floor(stage.percent / PERCENT_STEP)}`;
}
