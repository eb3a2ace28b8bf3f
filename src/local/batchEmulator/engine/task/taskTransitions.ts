import type { Node, Task } from "../../model/entities.ts";
import type { TaskProgress, TaskState } from "../../model/records.ts";
import type { Engine } from "../engine.ts";
import { exitActionsFor } from "../exitConditions.ts";
import type { Completion } from "../exitConditions.ts";
import { filesUntil, removeFilesWhenDue } from "./retention.ts";

/** active -> preparing or running. */
export function assignTask(engine: Engine, task: Task, node: Node, isPreparing: boolean): void {
  const now = engine.now();
  task.job.ready.delete(task);
  engine.store.progressTask(task, (progress) => {
    enter(progress, isPreparing ? "preparing" : "running", now);
    if (!isPreparing) progress.execution.startTime = now;
    progress.node = { poolId: node.pool.record.id, nodeId: node.record.id };
    delete progress.filesCleanedUp;
  });
}

/** preparing -> running. */
export function beginTask(engine: Engine, task: Task): void {
  const now = engine.now();
  engine.store.progressTask(task, (progress) => {
    enter(progress, "running", now);
    progress.execution.startTime = now;
  });
}

/** Any other state -> completed. */
export function completeTask(engine: Engine, task: Task, completion: Completion): void {
  const { exitCode, failureInfo } = completion;
  const now = engine.now();
  const actions = exitActionsFor(task, completion);
  const end = { satisfies: actions.dependencyAction === "satisfy", ...filesUntil(task.record, now) };
  engine.store.completeTask(task, end, (progress) => {
    enter(progress, "completed", now);
    const { execution } = progress;
    execution.endTime = now;
    execution.result = failureInfo === undefined ? "success" : "failure";
    // A task that never started has no exit code.
    if (exitCode !== undefined && execution.startTime !== undefined) execution.exitCode = exitCode;
    if (failureInfo !== undefined) execution.failureInfo = failureInfo;
  });
  task.job.ready.delete(task);
  removeFilesWhenDue(engine, end);
  engine.emit({ kind: "taskCompleted", task, actions });
}

/** preparing or running -> active, as after the loss of its node; the next run starts from scratch. */
export function requeueTask(engine: Engine, task: Task, { isCounted }: { isCounted: boolean }): void {
  const now = engine.now();
  engine.store.progressTask(task, (progress) => {
    enter(progress, "active", now);
    const { retryCount, requeueCount, lastRetryTime, lastRequeueTime } = progress.execution;
    progress.execution = { retryCount, requeueCount: isCounted ? requeueCount + 1 : requeueCount };
    if (lastRetryTime !== undefined) progress.execution.lastRetryTime = lastRetryTime;
    const requeueTime = isCounted ? now : lastRequeueTime;
    if (requeueTime !== undefined) progress.execution.lastRequeueTime = requeueTime;
    delete progress.node;
  });
  task.job.ready.add(task);
}

export function enter(progress: TaskProgress, state: TaskState, now: string): void {
  progress.previousState = progress.state;
  progress.previousStateTransitionTime = progress.stateTransitionTime;
  progress.state = state;
  progress.stateTransitionTime = now;
}
