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
  readonly waitingSeconds: number;
  readonly convertingSeconds: number;
  /** Until when the task may read its input and write its results. */
  readonly accessUntil: string;
}

export interface NewTask {
  readonly taskId: string;
  readonly commandLine: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Downloaded into the working directory: local name to URL. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: readonly TaskOutput[];
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

/** Why a task has no node yet, and which failure that is if it lasts until the deadline. */
export interface WaitReason {
  readonly code: "NoCapacity" | "NodeUnusable" | "QuotaExceeded" | "StartTaskFailed";
  /** In words for a person. */
  readonly text: string;
}

export type TaskReading =
  /** There is no such task, or its job is closed and will never run it; `reason` says which, for a person to read. */
  | { readonly state: "lost"; readonly reason: string }
  | { readonly state: "active" }
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
