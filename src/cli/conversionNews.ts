import type { ConversionEnd, ConversionMessage } from "../model/conversionLog.ts";
import { readConversionMessage } from "../model/conversionLog.ts";
import { styled } from "../local/kit/commandLine/output.ts";
import { printable } from "../local/kit/commandLine/printable.ts";
import { describeError } from "./convert/summary.ts";
import { formatSeconds } from "./format.ts";

/** What precedes a message of an orchestration: `[information] name: ` in our own host, `[time] ` in func. */
const LOG_PREFIX = /^\[[^\]]*\] (?:\w+: )?(?=Conversion )/;

/** A message is repeated only shortly after the first time, when a service is restarted. */
const REMEMBERED = 10_000;

/** Reports the start and the end of each conversion once, from what the Functions host logs. */
export class ConversionNews {
  readonly #reported = new Set<string>();

  /** One line for people; undefined if the line of the log is no news. */
  read(line: string): string | undefined {
    const prefix = LOG_PREFIX.exec(line)?.[0];
    const message = prefix === undefined ? undefined : readConversionMessage(line.slice(prefix.length));
    return message === undefined || !this.#isNew(message) ? undefined : describe(message);
  }

  #isNew({ event, conversionId, firstAttempt }: ConversionMessage): boolean {
    const key = `${conversionId} ${firstAttempt} ${event}`;
    if (this.#reported.has(key)) return false;
    this.#reported.add(key);
    const [oldest] = this.#reported;
    if (this.#reported.size > REMEMBERED && oldest !== undefined) this.#reported.delete(oldest);
    return true;
  }
}

function describe(message: ConversionMessage): string {
  const name = printable(message.name);
  if (message.event === "ended") return describeEnd(name, message);
  const { firstAttempt, workload } = message;
  return firstAttempt === 1
    ? `${name} arrived (${printable(workload)})`
    : `${name} is being tried again (attempt ${firstAttempt})`;
}

function describeEnd(name: string, { outcome, result, seconds, failure }: ConversionEnd): string {
  if (outcome === "succeeded") {
    return `${styled("green", "✓")} ${name} → ${printable(result ?? "")} (${formatSeconds(seconds * 1_000)})`;
  }
  return `${styled("red", "✗")} ${name}: ${outcome === "failed" ? reasonOf(failure) : DESCRIPTIONS[outcome]}`;
}

const DESCRIPTIONS = { cancelled: "cancelled", superseded: "superseded by a newer upload" } as const;

function reasonOf(failure: ConversionEnd["failure"]): string {
  return failure === null ? "failed" : describeError(failure);
}
