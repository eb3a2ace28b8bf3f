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

/** What is in an instance of the orchestration. */
interface InstanceContents {
  readonly input: ConversionInput;
  /** The newest attempt; until it reports its progress, it is the one that the run begins with. */
  readonly attempt: number;
  /** Null until the orchestration has had its first turn. */
  readonly progress: ConversionProgress | null;
  /** Null until it has completed. */
  readonly result: ConversionResult | null;
}

export function contentsOf(instance: DurableOrchestrationStatus): InstanceContents {
  const input = instance.input as ConversionInput;
  const progress = instance.customStatus as ConversionProgress | null;
  const result = instance.output as ConversionResult | null;
  return { input, attempt: progress?.attempt ?? input.firstAttempt ?? 1, progress, result };
}
