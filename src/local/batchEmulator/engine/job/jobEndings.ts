import type { Job, Task } from "../../model/entities.ts";
import type { Engine } from "../engine.ts";
import { disableJob, setJobState, touch } from "./jobCommands.ts";
import { jobFolder } from "../../model/nodeFolders.ts";
import { endRun } from "../task/taskRun.ts";

/** What the end of a task brings about for its job. */
export function afterTaskCompleted(engine: Engine, task: Task, jobAction: "none" | "disable" | "terminate"): void {
  const { job } = task;
  if (job.record.spec.onTaskFailure === "performexitoptionsjobaction" && job.record.state === "active") {
    if (jobAction === "terminate") terminateJob(engine, job, "TaskFailed");
    // The other tasks of the job go on, as the exit options of one task must not lose the work of others.
    if (jobAction === "disable") disableJob(engine, job, "requeue");
  }
  if (job.record.spec.onAllTasksComplete === "terminatejob") terminateWhenAllComplete(engine, job);
}

export function terminateWhenAllComplete(engine: Engine, job: Job): void {
  if (job.record.state === "active" && job.counts.completed === job.tasks.size) {
    terminateJob(engine, job, "AllTasksComplete");
  }
}

/** Running tasks are ended; those that still wait stay active for ever. */
export function terminateJob(engine: Engine, job: Job, reason: string): void {
  setJobState(engine, job, "terminating");
  job.record.terminateReason = reason;
  touch(engine, job);
  job.cancelWallClock?.();
  for (const run of job.runs) endRun(engine, run, "terminated");
  engine.after(engine.timings.jobTerminateMs, () => finishTermination(engine, job));
}

export function finishTermination(engine: Engine, job: Job): void {
  if (job.record.state !== "terminating" || job.runs.size > 0) return;
  setJobState(engine, job, "completed");
  job.record.endTime = engine.now();
  engine.store.saveJob(job);
}

export function finishDisabling(engine: Engine, job: Job): void {
  if (job.record.state === "disabling" && job.runs.size === 0) setJobState(engine, job, "disabled");
}

/** Deletes the tasks and their files, whatever their retention time. */
export function finishDeletion(engine: Engine, job: Job): void {
  if (job.record.state !== "deleting" || job.runs.size > 0) return;
  for (const task of job.tasks.values()) task.cancelRetention?.();
  engine.store.removeJob(job);
  for (const pool of engine.store.pools.values()) {
    for (const node of pool.nodes.values()) {
      engine.inBackground(engine.runner.removeFolder(jobFolder(node, job.record.id)));
    }
  }
}

/** The state that a job was on its way to may wait for its last running task. */
export function afterRunEnded(engine: Engine, job: Job): void {
  if (job.runs.size > 0) return;
  const { state } = job.record;
  const { jobTerminateMs, jobDisableMs, jobDeleteMs } = engine.timings;
  if (state === "terminating") engine.after(jobTerminateMs, () => finishTermination(engine, job));
  if (state === "disabling") engine.after(jobDisableMs, () => finishDisabling(engine, job));
  if (state === "deleting") engine.after(jobDeleteMs, () => finishDeletion(engine, job));
}
