import type { ConversionOutcome } from "./conversion.ts";
import type { Failure } from "./failures.ts";

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
