import { keyOf } from "../../model/entities.ts";
import type { Job, Task } from "../../model/entities.ts";
import { refuseIdsOfJobTasks } from "../../requestBodies/jobTaskBodies.ts";
import type { TaskSpec } from "../../requestBodies/taskBodies.ts";
import type { TaskConstraints } from "../../requestBodies/taskConstraints.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { refuseWhenEnding } from "../refusals.ts";
import { awaitDependencies, forgetDependencies } from "./dependencies.ts";
import { ENDED_BY_USER } from "./failureInfos.ts";
import { removeTaskFiles } from "./retention.ts";
import { endRun } from "./taskRun.ts";
import { completeTask, enter } from "./taskTransitions.ts";

export function addTask(engine: Engine, job: Job, spec: TaskSpec): Task {
  refuseWhenEnding(job);
  refuseIdsOfJobTasks(spec.id, job.record.spec);
  if (job.tasks.has(keyOf(spec.id))) throw new ServiceError("TaskExists");
  const version = engine.newVersion();
  const task = engine.store.addTask(job, {
    id: spec.id,
    seq: engine.store.nextSeq(),
    creationTime: version.lastModified,
    spec,
    progress: {
      ...version,
      state: "active",
      stateTransitionTime: version.lastModified,
      execution: { retryCount: 0, requeueCount: 0 },
    },
  });
  awaitDependencies(task);
  engine.emit({ kind: "tasksWaiting", job });
  return task;
}

export function updateTask(engine: Engine, task: Task, constraints: TaskConstraints): void {
  refuseWhenEnding(task.job);
  if (task.record.progress.state === "completed") throw new ServiceError("TaskCompleted");
  task.record.spec = { ...task.record.spec, constraints };
  Object.assign(task.record.progress, engine.newVersion());
  engine.store.saveTask(task);
}

export function terminateTask(engine: Engine, task: Task): void {
  if (task.record.progress.state === "completed") throw new ServiceError("TaskCompleted");
  touch(engine, task);
  if (task.run !== undefined) {
    endRun(task.run, "terminated");
    return;
  }
  forgetDependencies(task);
  completeTask(engine, task, { failureInfo: ENDED_BY_USER });
}

/** Makes a completed task active again, unless it succeeded. */
export function reactivateTask(engine: Engine, task: Task): void {
  const { progress } = task.record;
  refuseWhenEnding(task.job);
  if (progress.state !== "completed") throw new ServiceError("TaskNotCompleted");
  if (progress.execution.exitCode === 0) throw new ServiceError("TaskSucceeded");
  task.end = undefined;
  engine.store.progressTask(task, (changed) => {
    enter(changed, "active", engine.now());
    changed.execution = { retryCount: 0, requeueCount: 0 };
    delete changed.node;
    delete changed.filesCleanedUp;
  });
  touch(engine, task);
  task.job.ready.add(task);
  engine.emit({ kind: "tasksWaiting", job: task.job });
}

/** Kills the task if it runs; its files go at once. */
export function deleteTask(engine: Engine, task: Task): void {
  const { job, run } = task;
  if (job.record.state === "deleting") throw new ServiceError("JobBeingDeleted");
  job.ready.delete(task);
  forgetDependencies(task);
  engine.store.removeTask(task);
  if (run !== undefined) endRun(run, "terminated");
  // Without waiting for the process to end: by then the next task of this name may have files there.
  engine.inBackground(removeTaskFiles(engine, task));
  engine.emit({ kind: "taskDeleted", task });
}

function touch(engine: Engine, task: Task): void {
  engine.store.progressTask(task, (progress) => Object.assign(progress, engine.newVersion()));
}
