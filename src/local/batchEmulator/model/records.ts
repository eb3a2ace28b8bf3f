import type { ArchivePlace } from "../../kit/archive.ts";
import type { JobSpec } from "../requestBodies/jobBodies.ts";
import type { JobScheduleSpec } from "../requestBodies/jobScheduleBodies.ts";
import type { NodeDeallocationOption } from "../requestBodies/nodeBodies.ts";
import type { PoolSpec } from "../requestBodies/poolBodies.ts";
import type { TaskSpec } from "../requestBodies/taskBodies.ts";

/** What the journal keeps of each pool, node, job schedule, job and task: plain JSON, with times and names as on the wire. */
interface Kept {
  readonly id: string;
  /** Grows with everything that is added: the order of lists, and where the next page goes on. */
  readonly seq: number;
}

interface Versioned {
  eTag: string;
  lastModified: string;
  readonly creationTime: string;
}

interface NameValue {
  readonly name: string;
  readonly value: string;
}

/** Says why a task, a start task or a job failed. The service writes the category in PascalCase. */
export interface FailureInfo {
  readonly category: "UserError" | "ServerError";
  readonly code: string;
  readonly message: string;
  readonly details?: readonly NameValue[];
}

export interface ResizeError {
  readonly code: string;
  readonly message: string;
  readonly values?: readonly NameValue[];
}

export interface AutoScaleRun {
  readonly timestamp: string;
  /** Of a run that failed: the targets as they were. */
  readonly results?: string;
  readonly error?: { readonly code: string; readonly message: string; readonly values?: readonly NameValue[] };
}

export interface PoolRecord extends Kept, Versioned {
  spec: PoolSpec;
  state: "active" | "deleting";
  stateTransitionTime: string;
  allocationState: "steady" | "resizing" | "stopping";
  allocationStateTransitionTime: string;
  targetDedicatedNodes: number;
  targetLowPriorityNodes: number;
  resizeTimeout: string;
  nodeDeallocationOption: NodeDeallocationOption;
  resizeErrors: readonly ResizeError[];
  enableAutoScale: boolean;
  autoScaleFormula?: string;
  autoScaleEvaluationInterval?: string;
  autoScaleRun?: AutoScaleRun;
  lastAutoScaleEnableMs?: number;
  /** Whether all properties that can be changed have been replaced: the pool then shows an empty list of certificates. */
  wasReset?: boolean;
}

export type NodeState =
  | "creating"
  | "starting"
  | "waitingforstarttask"
  | "starttaskfailed"
  | "idle"
  | "running"
  | "offline"
  | "rebooting"
  | "reimaging"
  | "leavingpool"
  | "deallocating"
  | "deallocated"
  | "preempted"
  | "unusable"
  | "unknown";

/** A start, preparation or release task: a node runs them for itself, they wait in no queue. */
export interface NodeTaskInfo {
  readonly state: "running" | "completed";
  readonly startTime: string;
  readonly retryCount: number;
  readonly lastRetryTime?: string;
  readonly endTime?: string;
  readonly exitCode?: number;
  readonly failureInfo?: FailureInfo;
  readonly result?: "success" | "failure";
}

interface NodeError {
  readonly code: string;
  readonly message: string;
}

/** Without the password and the key: nobody can log in. */
interface NodeUser {
  readonly name: string;
  readonly isAdmin: boolean;
  readonly expiryTime: string;
}

export interface NodeRecord extends Kept {
  readonly poolId: string;
  readonly isDedicated: boolean;
  readonly allocationTime: string;
  readonly ipAddress: string;
  state: NodeState;
  stateTransitionTime: string;
  schedulingState: "enabled" | "disabled";
  lastBootTime?: string;
  startTaskInfo?: NodeTaskInfo;
  errors: readonly NodeError[];
  users?: readonly NodeUser[];
  totalTasksRun: number;
  totalTasksSucceeded: number;
  /** The virtual machine's disk: survives a reboot but not a reimage. */
  readonly folder: string;
}

export type JobState = "active" | "disabling" | "disabled" | "terminating" | "completed" | "deleting";

export interface JobRecord extends Kept, Versioned {
  spec: JobSpec;
  state: JobState;
  stateTransitionTime: string;
  previousState?: JobState;
  previousStateTransitionTime?: string;
  startTime: string;
  endTime?: string;
  terminateReason?: string;
  /** Its end does not wait for its nodes. */
  isForced?: boolean;
  /** Of a pool that was made for it, or was to be made. */
  autoPoolId?: string;
  /** Why it could not be started. */
  schedulingError?: FailureInfo;
}

export type JobScheduleState = "active" | "disabled" | "terminating" | "completed" | "deleting";

export interface JobScheduleRecord extends Kept, Versioned {
  spec: JobScheduleSpec;
  state: JobScheduleState;
  stateTransitionTime: string;
  previousState?: JobScheduleState;
  previousStateTransitionTime?: string;
  endTime?: string;
  /** Whether its end does not wait for the releases of its jobs. */
  isForced?: boolean;
  /** How many jobs it has created; they are numbered. */
  jobCount: number;
  /** When the latest of them was due. */
  lastRunTime?: string;
  recentJobId?: string;
  /** Of the pool that was made for all of its jobs. */
  autoPoolId?: string;
  /** Of one like it that the running job may still use, and no later one. */
  retiredPoolId?: string;
}

/** A node on which tasks of a job were to run: what became of the job's preparation and release there. */
export interface JobNodeRecord {
  readonly seq: number;
  readonly poolId: string;
  readonly nodeId: string;
  preparation: NodeTaskInfo;
  /** The node has lost what the preparation did, or ended it: it runs again before the next task. */
  isOutdated?: boolean;
  release?: NodeTaskInfo;
}

/** A task is preparing while it waits on its node for the preparation of its job. */
export type TaskState = "active" | "preparing" | "running" | "completed";

interface TaskExecution {
  retryCount: number;
  requeueCount: number;
  startTime?: string;
  endTime?: string;
  exitCode?: number;
  result?: "success" | "failure";
  failureInfo?: FailureInfo;
  lastRetryTime?: string;
  lastRequeueTime?: string;
}

interface TaskNode {
  readonly poolId: string;
  readonly nodeId: string;
}

/** The part of a task that changes during its life; written on every transition, so it is kept small. */
export interface TaskProgress {
  eTag: string;
  lastModified: string;
  state: TaskState;
  stateTransitionTime: string;
  previousState?: TaskState;
  previousStateTransitionTime?: string;
  execution: TaskExecution;
  /** Where it last ran; its files are there. */
  node?: TaskNode;
  filesCleanedUp?: boolean;
}

export interface TaskRecord extends Kept {
  readonly creationTime: string;
  spec: TaskSpec;
  progress: TaskProgress;
}

/** What is known of a completed task at any time. */
export interface TaskEnd {
  /** Whether tasks that depend on it may run. */
  readonly satisfies: boolean;
  /** When its files are to go; absent if they have gone or stay for good. */
  readonly filesUntilMs?: number;
}

/** A completed task whose record is in the archive. */
export interface ArchivedTask extends TaskEnd {
  readonly seq: number;
  readonly requiredSlots: number;
  readonly result: "success" | "failure";
  /** Of the record as JSON. */
  readonly checksum: number;
  readonly place: ArchivePlace;
}
