import type { DurableOrchestrationStatus } from "durable-functions";
import type { Conversion, VersionFacts } from "../model/conversion.ts";
import type { ConversionProgress, ConversionResult, Stage } from "./stage.ts";

export const CONVERT_BLOB = "convertBlob";

/**
 * Raised with every change after which a history from before would no longer be replayed as it was: other activities,
 * timers or inputs of theirs, or another order. test/orchestrations/version.test.ts notices.
 */
export const ORCHESTRATION_VERSION = 3;

/** The input of the orchestration. */
export interface ConversionInput extends Conversion {
  /** With which version of the orchestration this history began. Apps from before there were versions give none. */
  readonly version?: number;
  /** Above 1 when a failed conversion is run again: attempts are counted on, so no two of them share a task. */
  readonly firstAttempt?: number;
  /**
   * How long it may wait for a task of its own while the services refuse one; null: as long as it takes. It does not change
   * when the settings do. An earlier version of the app gives none.
   */
  readonly patienceSeconds?: number | null;
  /** When the conversion was first started; left out at the first start. It tells older conversions from newer ones. */
  readonly startedAt?: string;
  /** What the event has said of the version. Left out where it was not an event that started the conversion. */
  readonly facts?: VersionFacts;
  /**
   * Set when it is run again because it had succeeded and its record was missing. That is done once: who takes records
   * away as they come would pay for a conversion at every sweep.
   */
  readonly isMadeUpFor?: boolean;
  /** Set only by continue-as-new and at a handover. What an earlier version of the app has set has neither of them. */
  readonly resumed?: { readonly stage?: Stage; readonly progress?: ConversionProgress | null };
}

/** What is in an instance of the orchestration. */
interface InstanceContents {
  readonly input: ConversionInput;
  /** The newest attempt; until it reports its progress, it is the one that the run begins with. */
  readonly attempt: number;
  /** The highest renewal of any of its attempts. */
  readonly renewals: number;
  /** Null until the orchestration has had its first turn. */
  readonly progress: ConversionProgress | null;
  /** Null until it has completed. */
  readonly result: ConversionResult | null;
}

export function contentsOf(instance: DurableOrchestrationStatus): InstanceContents {
  const input = instance.input as ConversionInput;
  const progress = (instance.customStatus ?? input.resumed?.progress ?? null) as ConversionProgress | null;
  const result = instance.output as ConversionResult | null;
  // A status may be left from the run before, until this one has had its first turn.
  const attempt = Math.max(progress?.attempt ?? 1, input.resumed?.stage?.attempt ?? 1, input.firstAttempt ?? 1);
  const renewals = Math.max(progress?.renewals ?? 0, input.resumed?.progress?.renewals ?? 0);
  return { input, attempt, renewals, progress, result };
}

/** Whether another version of the app has begun it, so that this one cannot replay its history. */
export function isOfOtherVersion(instance: Pick<DurableOrchestrationStatus, "input">): boolean {
  return (instance.input as ConversionInput).version !== ORCHESTRATION_VERSION;
}
