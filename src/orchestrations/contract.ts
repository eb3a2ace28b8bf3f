import type { Conversion, ConversionOutcome, ConversionRecord } from "../model/conversion.ts";
import type { Watch } from "./watchTask.ts";

export const CONVERT_BLOB = "convertBlob";

/** The input of the orchestration. */
export interface ConversionInput extends Conversion {
  /** Above 1 when a failed conversion is run again: attempts are counted on, so that none uses the task of another. */
  readonly firstAttempt?: number;
  /** When the conversion was first started; absent at the first start. It tells older conversions from newer ones. */
  readonly startedAt?: string;
  /** Only there after continue-as-new. */
  readonly resumed?: { readonly attempt: number; readonly watch: Watch };
}

/** The output of the orchestration. */
export interface ConversionResult {
  readonly outcome: ConversionOutcome;
  /** Null when superseded: the record is that of the newer version. */
  readonly record: ConversionRecord | null;
}
