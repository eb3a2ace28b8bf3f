import type { UsedOptions } from "./options.ts";

/** Where tasks go. */
export interface JobRef {
  readonly poolId: string;
  readonly jobId: string;
}

/** One task of Azure Batch. */
export interface TaskRef extends JobRef {
  readonly taskId: string;
}

/** The task of an attempt, once it has been added. */
export interface AddedTask {
  readonly task: TaskRef;
  /** ISO 8601, UTC, like every time here. */
  readonly submittedAt: string;
}

/** The same with its limits, which do not change when the settings do. */
export interface Submission extends AddedTask {
  /** How long the queue may stand still while the task waits; null: as long as it takes. */
  readonly waitingSeconds: number | null;
  readonly convertingSeconds: number;
  /** Until when the task may read its input and write its results; null: as long as its node may. */
  readonly accessUntil: string | null;
  /** How many tasks of this attempt have waited in its place before, until their access ran out. */
  readonly renewal?: number;
  /** What the task was told. An earlier version of the app gives none. */
  readonly options?: UsedOptions;
}

export interface NewTask {
  readonly taskId: string;
  readonly commandLine: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Downloaded into the working directory: local name to URL. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly TaskOutput[];
  /** The resource id of the identity that its node reads and writes with; without one, the URLs are all it needs. */
  readonly identityId?: string;
  readonly maxWallClockMinutes: number;
}

interface TaskOutput {
  /** Relative to the task's working directory. */
  readonly file: string;
  readonly containerUrl: string;
  readonly blobName: string;
  readonly contentType: string;
  readonly when: "tasksuccess" | "taskcompletion";
}

/** Why a task has no node yet, and which failure that is if the queue stands still until the deadline. */
export interface WaitReason {
  readonly code: "NoCapacity" | "NodeUnusable" | "QuotaExceeded" | "StartTaskFailed";
  /** In words for a person. */
  readonly text: string;
}

/** What the queue of a job does for a task that waits in it. */
export interface QueueReading {
  /** What stands in its way; null when the nodes are just busy. */
  readonly reason: WaitReason | null;
  /** Whether nodes are at work on its tasks. */
  readonly isMoving: boolean;
  /** Whether nodes are on their way, and none is broken. */
  readonly isGrowing: boolean;
  /** How many tasks of the job have succeeded. When there are more than before, the queue has moved. */
  readonly succeeded: number;
  /** About how many waiting tasks were added before this one; null where that is not known. */
  readonly before: number | null;
}

/** How much is at work, and how much waits. */
export interface BatchLoad {
  /** Null where there is no pool. */
  readonly nodes: PoolNodes | null;
  readonly tasks: { readonly active: number; readonly running: number };
}

/** How many nodes a pool has in each state, in the words of the service. */
export interface PoolNodes {
  readonly dedicated: Readonly<Record<string, number>>;
  readonly spot: Readonly<Record<string, number>>;
}

export type TaskReading =
  /** There is no such task, or its job is closed and will never run it; `reason` says which, for a person to read. */
  | { readonly state: "lost"; readonly reason: string }
  | { readonly state: "active"; readonly addedAt: string | null }
  | { readonly state: "running"; readonly startedAt: string | null }
  | CompletedTask;

export interface CompletedTask {
  readonly state: "completed";
  readonly succeeded: boolean;
  /** Null when the task never ran. */
  readonly exitCode: number | null;
  readonly failure: { readonly code: string; readonly message: string } | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly nodeId: string | null;
}
