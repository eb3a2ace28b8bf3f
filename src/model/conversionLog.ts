import type { ConversionOutcome, ConversionRecord } from "./conversion.ts";
import type { Failure } from "./failures.ts";
import { parseTime, secondsBetween } from "./time.ts";

/** What the app logs when a conversion starts. */
export interface ConversionStart {
  readonly conversionId: string;
  readonly workload: string;
  /** Of the blob that is converted. */
  readonly name: string;
  /** Above 1 when a failed conversion is run again; together with the id it names one run. */
  readonly firstAttempt: number;
}

/** What the app logs when a conversion ends. */
export interface ConversionEnd extends ConversionStart {
  readonly outcome: ConversionOutcome;
  /** Name of the blob with the result; null where there is none. */
  readonly result: string | null;
  readonly seconds: number;
  /** Null where nothing failed, and where a newer version has superseded this one. */
  readonly failure: Failure | null;
  /** Null where there is no record. */
  readonly measures: ConversionMeasures | null;
}

/** What a conversion cost and was worth, for queries over many of them. Null: it never came to that. */
export interface ConversionMeasures {
  readonly attempts: number;
  /** From the start to the moment when the last task began. */
  readonly queuedSeconds: number | null;
  readonly convertingSeconds: number | null;
  /** From the end of the task to the record. */
  readonly publishingSeconds: number | null;
  readonly inputBytes: number | null;
  readonly outputBytes: number | null;
  /** Of the result, where it is sound. */
  readonly audioSeconds: number | null;
}

export function measuresOf(record: ConversionRecord): ConversionMeasures;
export function measuresOf(record: ConversionRecord | null): ConversionMeasures | null;
export function measuresOf(record: ConversionRecord | null): ConversionMeasures | null {
  if (record === null) return null;
  const { startedAt, convertingAt, convertedAt, recordedAt } = record.times;
  const audioSeconds = record.output?.["durationSeconds"];
  return {
    attempts: record.attempts,
    queuedSeconds: spanSeconds(startedAt, convertingAt),
    convertingSeconds: spanSeconds(convertingAt, convertedAt),
    publishingSeconds: spanSeconds(convertedAt, recordedAt),
    inputBytes: record.input.sizeBytes,
    outputBytes: record.output?.sizeBytes ?? null,
    audioSeconds: typeof audioSeconds === "number" ? audioSeconds : null,
  };
}

function spanSeconds(from: string | null, to: string | null): number | null {
  return from === null || to === null ? null : secondsBetween(parseTime(from), parseTime(to));
}

export type ConversionMessage =
  | ({ readonly event: "started" } & ConversionStart)
  | ({ readonly event: "ended" } & ConversionEnd);

export function startMessage(start: ConversionStart): string {
  return `Conversion started: ${JSON.stringify(start)}`;
}

export function endMessage(end: ConversionEnd): string {
  return `Conversion ended: ${JSON.stringify(end)}`;
}

/** Undefined for any other message. */
export function readConversionMessage(message: string): ConversionMessage | undefined {
  const [, event, json] = /^Conversion (started|ended): (\{.*\})$/s.exec(message) ?? [];
  if (event === undefined || json === undefined) return undefined;
  try {
    return { event, ...JSON.parse(json) } as ConversionMessage;
  } catch {
    return undefined;
  }
}
