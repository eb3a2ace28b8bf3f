import type { Channel, ConversionRecord, Untold } from "./conversion.ts";
import { endIdOf } from "./conversionEvent.ts";

/** The orchestration that tells of the end of a conversion. */
export const TELL_END = "tellEnd";

/** Its input. */
export interface TellingInput {
  readonly record: ConversionRecord;
  /** Those that are still to be told. */
  readonly channels: readonly Channel[];
  /** How often this was tried; left out at first. */
  readonly tries?: number;
  readonly untold?: readonly Untold[];
}

/** The instance that tells of this end: there is one, however often somebody starts it. */
export function tellingIdOf(record: ConversionRecord): string {
  return tellingIdFor(endIdOf(record));
}

export function tellingIdFor(endId: string): string {
  return `told-${endId}`;
}
