import { durationMs } from "../../duration.ts";
import { ServiceError, invalidProperty } from "../../serviceError.ts";
import type { Job } from "../../model/entities.ts";
import { keyOf } from "../../model/entities.ts";
import type { JobState } from "../../model/records.ts";
import type { DisableTasksOption, JobPatch, JobSpec } from "../../requestBodies/jobBodies.ts";
import type { Engine } from "../engine.ts";
import { finishDeletion, finishDisabling, terminateJob, terminateWhenAllComplete } from "./jobEndings.ts";
import { schedule } from "../scheduling/scheduler.ts";
import { endRun } from "../task/taskRun.ts";

/** Whether the pool exists is not checked: the tasks wait until there is one. */
export function addJob(engine: Engine, spec: JobSpec): Job {
  const existing = engine.store.jobs.get(keyOf(spec.id));
  if (existing !== undefined) {
    throw new ServiceError(existing.record.state === "deleting" ? "JobBeingDeleted" : "JobExists");
  }
  const version = engine.newVersion();
  const job = engine.store.addJob({
    id: spec.id,
    seq: engine.store.nextSeq(),
    spec,
    ...version,
    creationTime: engine.now(),
    state: "active",
    stateTransitionTime: version.lastModified,
    startTime: version.lastModified,
  });
  startJobTimers(engine, job);
  // A job without tasks has completed all of them; the service takes a moment to see it.
  if (spec.onAllTasksComplete === "terminatejob") {
    engine.after(engine.timings.jobTerminateMs, () => terminateWhenAllComplete(engine, job));
  }
  return job;
}

/** The wall clock of a job runs from its creation, not from its first task. */
export function startJobTimers(engine: Engine, job: Job): void {
  const limitMs = durationMs(job.record.spec.constraints.maxWallClockTime);
  const leftMs = Date.parse(job.record.creationTime) + limitMs - engine.nowMs();
  job.cancelWallClock?.();
  job.cancelWallClock = engine.after(leftMs, () => {
    if (!isEnding(job)) terminateJob(engine, job, "MaxWallClockTimeExpiry");
  });
}

export function patchJob(engine: Engine, job: Job, patch: JobPatch): void {
  refuseWhenEnding(job);
  const { record } = job;
  if (patch.onAllTasksComplete === "noaction" && record.spec.onAllTasksComplete === "terminatejob") {
    throw invalidProperty("onAllTasksComplete", "noaction", "Once set to terminatejob it cannot be changed back");
  }
  const isMoving = patch.poolInfo !== undefined && keyOf(patch.poolInfo.poolId) !== keyOf(record.spec.poolInfo.poolId);
  if (isMoving && record.state !== "disabled") throw new ServiceError("JobNotDisabled");
  if (patch.poolInfo !== undefined) engine.store.moveJob(job, patch.poolInfo.poolId);
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  record.spec = { ...record.spec, ...given };
  touch(engine, job);
  startJobTimers(engine, job);
  if (record.spec.onAllTasksComplete === "terminatejob") terminateWhenAllComplete(engine, job);
  schedule(engine, record.spec.poolInfo.poolId);
}

export function terminateJobByUser(engine: Engine, job: Job, reason: string | undefined): void {
  refuseWhenEnding(job);
  terminateJob(engine, job, reason ?? "UserTerminate");
}

export function disableJob(engine: Engine, job: Job, option: DisableTasksOption): void {
  refuseWhenEnding(job);
  if (job.record.state !== "active") throw new ServiceError("JobNotActive");
  setJobState(engine, job, "disabling");
  touch(engine, job);
  if (option !== "wait") {
    for (const run of job.runs) endRun(engine, run, option === "requeue" ? "requeued" : "terminated");
  }
  engine.after(engine.timings.jobDisableMs, () => finishDisabling(engine, job));
}

export function enableJob(engine: Engine, job: Job): void {
  refuseWhenEnding(job);
  if (job.record.state !== "disabled" && job.record.state !== "disabling") {
    throw new ServiceError("OperationInvalidForCurrentState");
  }
  setJobState(engine, job, "active");
  touch(engine, job);
  schedule(engine, job.record.spec.poolInfo.poolId);
}

export function deleteJob(engine: Engine, job: Job): void {
  if (job.record.state === "deleting") throw new ServiceError("JobBeingDeleted");
  setJobState(engine, job, "deleting");
  touch(engine, job);
  job.cancelWallClock?.();
  for (const run of job.runs) endRun(engine, run, "terminated");
  engine.after(engine.timings.jobDeleteMs, () => finishDeletion(engine, job));
}

export function refuseWhenEnding(job: Job): void {
  const { state } = job.record;
  if (state === "deleting") throw new ServiceError("JobBeingDeleted");
  if (state === "completed") throw new ServiceError("JobCompleted");
  if (state === "terminating") throw new ServiceError("JobBeingTerminated");
}

export function setJobState(engine: Engine, job: Job, state: JobState): void {
  const { record } = job;
  // The states in between leave no trace: a completed job says it was active before.
  if (isSteady(record.state)) {
    record.previousState = record.state;
    record.previousStateTransitionTime = record.stateTransitionTime;
  }
  record.state = state;
  record.stateTransitionTime = engine.now();
  engine.store.saveJob(job);
}

/** A change that a user asked for shows in the ETag; what the service does by itself does not. */
export function touch(engine: Engine, job: Job): void {
  Object.assign(job.record, engine.newVersion());
  engine.store.saveJob(job);
}

function isSteady(state: JobState): boolean {
  return state === "active" || state === "disabled" || state === "completed";
}

function isEnding(job: Job): boolean {
  const { state } = job.record;
  return state === "terminating" || state === "completed" || state === "deleting";
}
