import { keyOf } from "../../model/entities.ts";
import type { ActiveRun, Job, Node, Task } from "../../model/entities.ts";
import { jobFolder } from "../../model/nodeFolders.ts";
import type { FailureInfo } from "../../model/records.ts";
import type { DisableTasksOption } from "../../requestBodies/jobBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import type { ExitActions } from "../exitConditions.ts";
import { refuseWhenEnding } from "../refusals.ts";
import { endRun } from "../task/taskRun.ts";
import { managerSpecOf } from "./jobManager.ts";
import { isEnding, setJobState, touchJob } from "./jobStates.ts";
import { removeJobTaskFilesWhenDue } from "./jobTaskFiles.ts";
import { dropJobTasks, endPreparations } from "./preparation.ts";
import { releaseNodes } from "./release.ts";

/*
 * A job is disabled, terminated or deleted in two steps: the first sets a state on the way (disabling, terminating,
 * deleting), the second follows a little later, once none of its tasks is running and, at its end, its nodes have been
 * released.
 */

export function disableJob(engine: Engine, job: Job, option: DisableTasksOption): void {
  refuseWhenEnding(job);
  if (job.record.state !== "active") throw new ServiceError("JobNotActive");
  setJobState(engine, job, "disabling");
  touchJob(engine, job);
  if (option !== "wait") endRuns(job, option === "requeue" ? "requeued" : "terminated");
  continueEnding(engine, job);
}

/** Running tasks are ended; waiting ones stay active for good. If it is forced, releases are begun but not waited for. */
export function terminateJob(engine: Engine, job: Job, reason: string, isForced = false): void {
  setJobState(engine, job, "terminating");
  job.record.terminateReason = reason;
  if (isForced) job.record.isForced = true;
  touchJob(engine, job);
  job.cancelWallClock?.();
  endRuns(job, "terminated");
  endPreparations(job);
  continueEnding(engine, job);
}

/** A job that cannot be started completes at once. */
export function failJob(engine: Engine, job: Job, error: FailureInfo): void {
  setJobState(engine, job, "completed");
  job.record.endTime = engine.now();
  job.record.schedulingError = error;
  engine.store.saveJob(job);
  job.cancelWallClock?.();
  engine.emit({ kind: "jobEnded", job });
}

export function terminateWhenAllComplete(engine: Engine, job: Job): void {
  const { state, spec } = job.record;
  if (spec.onAllTasksComplete !== "terminatejob") return;
  if (state === "active" && job.counts.completed === job.tasks.size) terminateJob(engine, job, "AllTasksComplete");
}

/** If it is forced, releases that have not ended by then are cut short. */
export function deleteJob(engine: Engine, job: Job, isForced = false): void {
  if (job.record.state === "deleting") throw new ServiceError("JobBeingDeleted");
  setJobState(engine, job, "deleting");
  if (isForced) job.record.isForced = true;
  touchJob(engine, job);
  job.cancelWallClock?.();
  endRuns(job, "terminated");
  endPreparations(job);
  continueEnding(engine, job);
}

/** The job of a manager ends with it, unless it says otherwise. */
export function followManager(engine: Engine, task: Task): void {
  if (managerSpecOf(task)?.killJobOnCompletion === true && !isEnding(task.job)) {
    terminateJob(engine, task.job, "JMComplete");
  }
}

/** Lets the exit conditions of a task have their effect on its job. */
export function followExitActions(engine: Engine, job: Job, { jobAction }: ExitActions): void {
  if (job.record.spec.onTaskFailure !== "performexitoptionsjobaction" || job.record.state !== "active") return;
  if (jobAction === "terminate") terminateJob(engine, job, "TaskFailed");
  // The other tasks are requeued, since one task's exit options must not cost the others their work.
  if (jobAction === "disable") disableJob(engine, job, "requeue");
}

/** The second step: after the first, after the last run or release has ended, and after a restart. */
export function continueEnding(engine: Engine, job: Job): void {
  const { jobDisableMs, jobTerminateMs, jobDeleteMs } = engine.timings;
  const { state } = job.record;
  if (state === "disabling") engine.after(jobDisableMs, () => finishDisabling(engine, job));
  if (state === "terminating") engine.after(jobTerminateMs, () => finishTermination(engine, job));
  if (state === "deleting") engine.after(jobDeleteMs, () => finishDeletion(engine, job));
}

/** Those that may have waited for the node to come up, or now need not wait for it any more. */
export function continueEndingsOn(engine: Engine, node: Node): void {
  const key = keyOf(node.record.id);
  for (const job of engine.store.jobs.values()) if (job.nodes.has(key)) continueEnding(engine, job);
}

function finishDisabling(engine: Engine, job: Job): void {
  if (job.record.state === "disabling" && job.runs.size === 0) setJobState(engine, job, "disabled");
}

function finishTermination(engine: Engine, job: Job): void {
  if (job.record.state !== "terminating" || job.runs.size > 0 || !isReleased(engine, job)) return;
  setJobState(engine, job, "completed");
  job.record.endTime = engine.now();
  engine.store.saveJob(job);
  removeJobTaskFilesWhenDue(engine, job);
  engine.emit({ kind: "jobEnded", job });
}

/** Deletes the tasks and their files, whatever their retention time. */
function finishDeletion(engine: Engine, job: Job): void {
  if (job.record.state !== "deleting" || job.runs.size > 0) return;
  // It was asked for when the deletion began and again when the last run ended, and by now another may have this name.
  if (engine.store.jobs.get(keyOf(job.record.id)) !== job || !isReleased(engine, job)) return;
  dropJobTasks(job);
  job.cancelFileRemoval?.();
  engine.store.removeJob(job);
  for (const pool of engine.store.pools.values()) {
    for (const node of pool.nodes.values()) {
      engine.inBackground(engine.runner.removeFolder(jobFolder(node, job.record.id)));
    }
  }
  engine.emit({ kind: "jobEnded", job });
}

function isReleased(engine: Engine, job: Job): boolean {
  return releaseNodes(engine, job) || job.record.isForced === true;
}

function endRuns(job: Job, ending: NonNullable<ActiveRun["ending"]>): void {
  for (const run of job.runs) endRun(run, ending);
}
