import type { DurableOrchestrationStatus } from "durable-functions";
import type { AddedTask } from "../model/batchTask.ts";
import type { Conversion, ConversionOutcome, ConversionPhase, ConversionRecord } from "../model/conversion.ts";
import type { Watch } from "./watch.ts";

export const CONVERT_BLOB = "convertBlob";

/** The input of the orchestration. */
export interface ConversionInput extends Conversion {
  /** Above 1 when a failed conversion is run again: attempts are counted on, so no two of them share a task. */
  readonly firstAttempt?: number;
  /** When the conversion was first started; left out at the first start. It tells older conversions from newer ones. */
  readonly startedAt?: string;
  /** Set only by continue-as-new. */
  readonly resumed?: { readonly attempt: number; readonly watch: Watch };
}

/** The custom status of the orchestration: what the user sees while it runs. */
export interface ConversionProgress {
  readonly phase: ConversionPhase;
  readonly percent: number | null;
  readonly waitReason: string | null;
  readonly attempt: number;
  /** The task of the attempt, so that whoever ends the orchestration from outside can end the task too. */
  readonly submission: AddedTask | null;
}

/** The output of the orchestration. */
export interface ConversionResult {
  readonly outcome: ConversionOutcome;
  /** Null when superseded: the record is that of the newer version. */
  readonly record: ConversionRecord | null;
}

/** What an instance of the orchestration holds; null where it does not hold it yet. */
export function contentsOf({ input, customStatus, output }: DurableOrchestrationStatus): {
  readonly input: ConversionInput;
  readonly progress: ConversionProgress | null;
  readonly result: ConversionResult | null;
} {
  return {
    input: input as ConversionInput,
    progress: customStatus as ConversionProgress | null,
    result: output as ConversionResult | null,
  };
}
