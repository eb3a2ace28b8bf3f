import { durationMs } from "../../duration.ts";
import type { Task } from "../../model/entities.ts";
import type { FailureInfo, TaskState } from "../../model/records.ts";
import { onTaskSatisfied } from "./dependencies.ts";
import type { Engine } from "../engine.ts";
import { exitOptionsFor } from "./exitConditions.ts";
import { afterTaskCompleted } from "../job/jobEndings.ts";
import { taskFolder } from "../../model/nodeFolders.ts";

export interface Completion {
  readonly exitCode?: number | undefined;
  readonly failureInfo?: FailureInfo | undefined;
  readonly isPreProcessingFailure?: boolean;
  readonly isUploadFailure?: boolean;
}

export function completeTask(engine: Engine, task: Task, completion: Completion): void {
  const { exitCode, failureInfo } = completion;
  engine.store.progressTask(task, (progress) => {
    enter(engine, progress, "completed");
    const { execution } = progress;
    execution.endTime = engine.now();
    execution.result = failureInfo === undefined ? "success" : "failure";
    // A task that never started has no exit code.
    if (exitCode !== undefined && execution.startTime !== undefined) execution.exitCode = exitCode;
    if (failureInfo !== undefined) execution.failureInfo = failureInfo;
  });
  task.job.ready.delete(task);
  scheduleRetention(engine, task);
  const options = exitOptionsFor(task, completion);
  if (options.dependencyAction === "satisfy") onTaskSatisfied(engine, task);
  afterTaskCompleted(engine, task, options.jobAction);
}

/** Back to waiting, as after the loss of its node; the next run starts from nothing. */
export function requeueTask(engine: Engine, task: Task, { isCounted }: { isCounted: boolean }): void {
  engine.store.progressTask(task, (progress) => {
    enter(engine, progress, "active");
    const { retryCount, requeueCount, lastRetryTime, lastRequeueTime } = progress.execution;
    progress.execution = { retryCount, requeueCount: isCounted ? requeueCount + 1 : requeueCount };
    if (lastRetryTime !== undefined) progress.execution.lastRetryTime = lastRetryTime;
    const requeueTime = isCounted ? engine.now() : lastRequeueTime;
    if (requeueTime !== undefined) progress.execution.lastRequeueTime = requeueTime;
    delete progress.node;
  });
  task.job.ready.add(task);
}

export function enter(
  engine: Engine,
  progress: {
    state: TaskState;
    stateTransitionTime: string;
    previousState?: TaskState;
    previousStateTransitionTime?: string;
  },
  state: TaskState,
): void {
  progress.previousState = progress.state;
  progress.previousStateTransitionTime = progress.stateTransitionTime;
  progress.state = state;
  progress.stateTransitionTime = engine.now();
}

/** The files of a completed task stay on its node for its retention time. */
export function scheduleRetention(engine: Engine, task: Task): void {
  const { progress, spec } = task.record;
  const { endTime } = progress.execution;
  if (endTime === undefined || progress.node === undefined || progress.filesCleanedUp === true) return;
  const leftMs = Date.parse(endTime) + durationMs(spec.constraints.retentionTime) - engine.nowMs();
  task.cancelRetention?.();
  task.cancelRetention = engine.after(leftMs, () => {
    engine.store.progressTask(task, (changed) => {
      changed.filesCleanedUp = true;
    });
    engine.inBackground(removeTaskFiles(engine, task));
  });
}

export async function removeTaskFiles(engine: Engine, task: Task): Promise<void> {
  const place = task.record.progress.node;
  const node = place && engine.store.pools.get(place.poolId.toLowerCase())?.nodes.get(place.nodeId.toLowerCase());
  if (node !== undefined) await engine.runner.removeFolder(taskFolder(node, task.job.record.id, task.record.id));
}
