import type { Output } from "../../local/kit/commandLine/output.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import type { ConversionList, ConversionSummary } from "../../model/conversionList.ts";
import type { ListFilter } from "../api/appApi.ts";
import { ApiFailure } from "../api/appApi.ts";
import type { ManagedApp } from "./openApp.ts";
import { listPages } from "./listPages.ts";
import { countsLine, endedRow, lastHourWords, runningRow, stateWords } from "./rows.ts";

const NEAR_MS = 1_000;
/** Each look is an execution of a function, which costs money. */
const FAR_MS = 5_000;
/** The line with the counts, one before it, and the one below where the cursor is. */
const OTHER_ROWS = 3;
/** How many of the last ended ones are shown even if many run. */
const MIN_ENDED = 3;
/** Where nothing is redrawn, a percentage is worth a line only at each of these steps. */
const PERCENT_STEP = 25;
const SPARSE = new RegExp(String.raw`^(\w+) (\d+) %$`);

interface WatchOptions {
  readonly app: ManagedApp;
  readonly filter: ListFilter;
  readonly limit: number;
  readonly output: Output;
  /** Aborted, it ends the watch. */
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly pause: (ms: number, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Shows how the conversions of an app go, until the signal is aborted or nobody reads it any more: in a terminal as a
 * block that is redrawn, elsewhere as one line per change. The first look throws what goes wrong; later ones go on.
 */
export async function watchList(options: WatchOptions): Promise<void> {
  const { app, filter, limit, output, now, pause } = options;
  const signal = AbortSignal.any([options.signal, output.unread]);
  const isRedrawn = output.isLive && output.showsResults;
  const view = isRedrawn ? new Block(output, now) : new Changes(output, now);
  let last: ConversionList | undefined;
  let isLost = false;
  try {
    for (;;) {
      try {
        last = await listPages(app.api, filter, limit, signal);
        isLost = false;
        view.show(last);
      } catch (error) {
        if (!(error instanceof ApiFailure) || last === undefined) throw error;
        if (!isLost) output.note(`${printable(error.message)}; still trying …`);
        isLost = true;
      }
      await pause(app.isNear ? NEAR_MS : FAR_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    if (isRedrawn) output.showBlock([]);
    if (last !== undefined) output.note(summaryOf(last));
  }
}

/** Those that run with their bars, below them those that have ended, at the bottom the counts. */
class Block {
  readonly #output: Output;
  readonly #now: () => number;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  show(list: ConversionList): void {
    const room = Math.max(2, this.#output.rows - OTHER_ROWS);
    const running = list.conversions.filter(({ status }) => status === "running");
    // The longest first: they are the next to end.
    running.reverse();
    const ended = list.conversions
      .filter(({ status }) => status !== "running")
      .toSorted((a, b) => endOf(b).localeCompare(endOf(a)));
    const roomForRunning = Math.max(1, room - Math.min(ended.length, MIN_ENDED));
    const shown = running.length <= roomForRunning ? running : running.slice(0, roomForRunning - 1);
    const lines = shown.map((conversion) => runningRow(conversion, process.stderr));
    if (shown.length < running.length) lines.push(`  and ${running.length - shown.length} more`);
    const rest = ended.slice(0, room - lines.length);
    lines.push(...rest.map((conversion) => endedRow(conversion, this.#now(), process.stderr)));
    this.#output.showBlock([...lines, "", `  ${summaryOf(list)}`]);
  }
}

/** One line for each that is new, or in another state than at the look before. */
class Changes {
  readonly #output: Output;
  readonly #now: () => number;
  #before = new Map<string, string>();

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  show({ conversions }: ConversionList): void {
    const seen = new Map<string, string>();
    for (const conversion of conversions.toReversed()) {
      const state = stateWords(conversion);
      const key = `${conversion.attempt} ${state.replace(SPARSE, (_, step: string, percent: string) => {
        return `${step} ${Math.floor(Number(percent) / PERCENT_STEP)}`;
      })}`;
      seen.set(conversion.id, key);
      if (this.#before.get(conversion.id) !== key) this.#say(conversion, state);
    }
    this.#before = seen;
  }

  #say({ input }: ConversionSummary, state: string): void {
    const at = new Date(this.#now()).toISOString().replace(/\.\d+Z$/, "Z");
    this.#output.result(`${at} ${printable(input.name)}: ${state}`);
  }
}

function endOf({ endedAt, uploadedAt }: ConversionSummary): string {
  return endedAt ?? uploadedAt;
}

function summaryOf(list: ConversionList): string {
  return `${countsLine(list.counts)}; ${lastHourWords(list)}`;
}
