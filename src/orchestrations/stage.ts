import type { AddedTask, CompletedTask, Submission, TaskRef } from "../model/batchTask.ts";
import type { ConversionOutcome, ConversionPhase, ConversionRecord } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import type { Watch } from "./watch.ts";

/**
 * Where a conversion stands, and all that it has to remember. It is plain data with absolute times, so the orchestration
 * can continue as new after any round.
 */
export type Stage = Submitting | Watching | Publishing | Recording | Ending | Telling | Finished;

interface InAttempt {
  readonly attempt: number;
  /** When the stage began, in ISO 8601. */
  readonly since: string;
}

/** Its task is being added. */
export interface Submitting extends InAttempt {
  readonly name: "submitting";
  /** The task of the attempt before, if it may still be running. */
  readonly abandoned: TaskRef | null;
  /** What was seen of the task of this attempt that waits, and is to be replaced by one with fresh access. */
  readonly renewed?: Watch;
  /** Which of the tasks of this attempt, if it has had more than one; the task may have been added already. */
  readonly renewal?: number;
  /** Set where time has passed since the conversion was started: what was known of the input may hold no longer. */
  readonly isRepeated?: boolean;
}

/** Its task waits or runs. */
export interface Watching extends InAttempt {
  readonly name: "watching";
  readonly watch: Watch;
}

/** Its task has completed. */
export interface Publishing extends InAttempt {
  readonly name: "publishing";
  readonly submission: Submission;
  readonly completed: CompletedTask;
  /** Something failed in the round before. */
  readonly isRepeated: boolean;
}

/** It has failed or was cancelled for good, and its record is being written. */
export interface Recording extends InAttempt {
  readonly name: "recording";
  readonly failed: FailedAttempt;
  /** Something failed in the round before. */
  readonly isRepeated: boolean;
}

/** Its outcome is settled, and the tasks that may still be running are being ended. */
export interface Ending extends InAttempt {
  readonly name: "ending";
  readonly result: ConversionResult;
  readonly leftovers: Leftovers;
  /** An earlier version of the app gives none. */
  readonly isToBeTold?: boolean;
}

/** Its record is written, and somebody wants to know. */
export interface Telling extends InAttempt {
  readonly name: "telling";
  readonly result: ConversionResult;
}

export interface Finished extends InAttempt {
  readonly name: "finished";
  readonly result: ConversionResult;
}

/** How an attempt failed. */
export interface FailedAttempt {
  readonly failure: Failure;
  /** Null when no task is known to have been added. */
  readonly submission: Submission | null;
  /** Null when the task may still be running. */
  readonly completed: CompletedTask | null;
  /** The task of the attempt before, if that may still be running. */
  readonly abandoned: TaskRef | null;
  /** The renewal of this attempt whose task may have been added without our knowing. */
  readonly suspectedRenewal?: number;
}

/** The tasks of a conversion that may still be running. */
export interface Leftovers {
  readonly tasks: readonly TaskRef[];
  /** The attempt whose task may have been added without our knowing. */
  readonly suspectedAttempt: number | null;
  readonly suspectedRenewal?: number | undefined;
}

/** The custom status of the orchestration: what the user sees while it runs. */
export interface ConversionProgress {
  /** `publishing` until the record is written, also that of a failure; `finished` once the outcome is settled. */
  readonly phase: ConversionPhase;
  readonly percent: number | null;
  readonly waitReason: string | null;
  /** In ISO 8601; null while it does not wait. An earlier version of the app gives none. */
  readonly waitingSince?: string | null;
  readonly attempt: number;
  /** The highest renewal of any of its attempts; left out while there is none. */
  readonly renewals?: number;
  /** The task of the attempt, so that whoever ends the orchestration from outside can end the task too. */
  readonly submission: AddedTask | null;
}

/** The output of the orchestration. */
export interface ConversionResult {
  readonly outcome: ConversionOutcome;
  /** Null when superseded: the record is that of the newer version. */
  readonly record: ConversionRecord | null;
}
