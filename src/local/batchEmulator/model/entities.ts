import type { Cancel } from "../../kit/clock.ts";
import type {
  ArchivedTask,
  JobNodeRecord,
  JobRecord,
  JobScheduleRecord,
  NodeRecord,
  PoolRecord,
  TaskEnd,
  TaskRecord,
} from "./records.ts";
import type { TaskQueue } from "./taskQueue.ts";

/** Ids keep their case and are compared without it. */
export function keyOf(id: string): string {
  return id.toLowerCase();
}

export interface Pool {
  record: PoolRecord;
  readonly nodes: Map<string, Node>;
  /** Ends the resize or deletion that is under way. */
  cancelResize?: Cancel | undefined;
  cancelAutoScale?: Cancel | undefined;
  /** Set while the pool is being deleted: called whenever a node has gone. */
  whenEmpty?: () => void;
}

export interface Node {
  readonly record: NodeRecord;
  readonly pool: Pool;
  readonly runs: Set<ActiveRun>;
  /** Grows with every reboot and loss, so that what was begun before knows not to go on. */
  epoch: number;
  killStartTask?: (() => void) | undefined;
  /** Takes no more tasks, because it is about to leave or restart. */
  isDraining: boolean;
  whenDrained?: () => void;
}

export interface JobSchedule {
  record: JobScheduleRecord;
  /** Ends the wait for its next job, or for its end. */
  cancelTimer?: Cancel | undefined;
}

export interface Job {
  record: JobRecord;
  /** In the order in which they were added. */
  readonly tasks: Map<string, Task | ArchivedTask>;
  readonly ready: TaskQueue<Task>;
  /** By the ids of the nodes; empty if the job has no preparation. */
  readonly nodes: Map<string, JobNode>;
  readonly runs: Set<ActiveRun>;
  readonly counts: TaskCounts;
  readonly slotCounts: TaskCounts;
  cancelWallClock?: Cancel | undefined;
  /** Set once it has ended: leaves the files of its preparation and release where they are. */
  cancelFileRemoval?: Cancel | undefined;
}

export interface JobNode {
  readonly record: JobNodeRecord;
  readonly job: Job;
  /** The preparation or release that is running. */
  run?: NodeTaskRun | undefined;
}

export interface NodeTaskRun {
  /** Whether somebody asked for its end. */
  isTerminated: boolean;
  kill: () => void;
}

export interface TaskCounts {
  active: number;
  running: number;
  completed: number;
  succeeded: number;
  failed: number;
}

export interface Task {
  readonly record: TaskRecord;
  readonly job: Job;
  run?: ActiveRun | undefined;
  /** Set while it is completed. */
  end?: TaskEnd | undefined;
}

/** The pool that the job runs on, whether or not there is one. */
export function poolIdOf({ record }: Job): string {
  return record.autoPoolId ?? record.spec.poolInfo.poolId ?? "";
}

export function isArchived(task: Task | ArchivedTask): task is ArchivedTask {
  return "place" in task;
}

/** What is known of a task's end without a look into the archive. Undefined while it is not completed. */
export function endOf(task: Task | ArchivedTask): TaskEnd | undefined {
  return isArchived(task) ? task : task.end;
}

export function seqOf(task: Task | ArchivedTask): number {
  return isArchived(task) ? task.seq : task.record.seq;
}

/** A task on a node, from the moment it is assigned until it is completed or requeued. */
export interface ActiveRun {
  readonly task: Task;
  readonly node: Node;
  readonly slots: number;
  /** Nothing else runs on its node meanwhile. */
  readonly isExclusive: boolean;
  /** It waits for the preparation of its job; its command has not begun. */
  isPreparing: boolean;
  /** With which it may act on its job. */
  token?: string | undefined;
  /** What its end is to mean, if somebody asked for it. */
  ending?: "terminated" | "expired" | "requeued" | "dropped" | undefined;
  kill: () => void;
}

export function slotsInUse(node: Pick<Node, "runs">): number {
  let slots = 0;
  for (const run of node.runs) slots += run.slots;
  return slots;
}

export function newCounts(): TaskCounts {
  return { active: 0, running: 0, completed: 0, succeeded: 0, failed: 0 };
}
