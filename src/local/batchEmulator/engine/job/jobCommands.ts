import { isDeepStrictEqual } from "node:util";
import { durationMs } from "../../duration.ts";
import { keyOf } from "../../model/entities.ts";
import type { Job } from "../../model/entities.ts";
import type { JobPatch, JobSpec } from "../../requestBodies/jobBodies.ts";
import type { PoolInfo } from "../../requestBodies/poolInfoBodies.ts";
import { invalidProperty, ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { refuseWhenEnding } from "../refusals.ts";
import { addJobManager } from "./jobManager.ts";
import { terminateJob, terminateWhenAllComplete } from "./jobEndings.ts";
import { isEnding, setJobState, touchJob } from "./jobStates.ts";

/** Whether the pool exists is not checked: the tasks wait until there is one. */
export function addJob(engine: Engine, spec: JobSpec): Job {
  const existing = engine.store.jobs.get(keyOf(spec.id));
  if (existing !== undefined) {
    throw new ServiceError(existing.record.state === "deleting" ? "JobBeingDeleted" : "JobExists");
  }
  if (engine.store.jobSchedules.has(keyOf(spec.id))) throw new ServiceError("JobScheduleWithSameIdExists");
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
  startWallClock(engine, job);
  engine.emit({ kind: "jobAdded", job });
  // Its pool could not be made.
  if (isEnding(job)) return job;
  addJobManager(engine, job);
  // A job without tasks has completed all of them; the service takes a moment to see it.
  if (spec.onAllTasksComplete === "terminatejob") {
    engine.after(engine.timings.jobTerminateMs, () => terminateWhenAllComplete(engine, job));
  }
  return job;
}

/** The wall clock of a job runs from its creation, not from its first task. */
export function startWallClock(engine: Engine, job: Job): void {
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
  if (patch.poolInfo !== undefined) changePoolInfo(engine, job, patch.poolInfo);
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  record.spec = { ...record.spec, ...given };
  touchJob(engine, job);
  startWallClock(engine, job);
  terminateWhenAllComplete(engine, job);
  engine.emit({ kind: "tasksWaiting", job });
}

function changePoolInfo(engine: Engine, job: Job, poolInfo: PoolInfo): void {
  const before = job.record.spec.poolInfo;
  if (isSame(before, poolInfo)) return;
  if (job.record.state !== "disabled") throw new ServiceError("JobNotDisabled");
  const automatic = before.autoPoolSpecification ?? poolInfo.autoPoolSpecification;
  if (automatic !== undefined) {
    // https://learn.microsoft.com/rest/api/batchservice/jobs/update-job#poolinfo
    const { keepAlive } = poolInfo.autoPoolSpecification ?? automatic;
    const isOnlyKept = isSame(poolInfo, { ...before, autoPoolSpecification: { ...automatic, keepAlive } });
    const isAllowed = isOnlyKept && automatic.poolLifetimeOption === "job";
    if (!isAllowed) throw new ServiceError("OperationInvalidForCurrentState");
  }
  engine.store.moveJob(job, (record) => {
    record.spec = { ...record.spec, poolInfo };
  });
}

function isSame(a: PoolInfo, b: PoolInfo): boolean {
  return (
    keyOf(a.poolId ?? "") === keyOf(b.poolId ?? "") &&
    isDeepStrictEqual(a.autoPoolSpecification, b.autoPoolSpecification)
  );
}

export function terminateJobByUser(engine: Engine, job: Job, reason: string | undefined, isForced: boolean): void {
  refuseWhenEnding(job);
  terminateJob(engine, job, reason ?? "UserTerminate", isForced);
}

export function enableJob(engine: Engine, job: Job): void {
  refuseWhenEnding(job);
  if (job.record.state !== "disabled" && job.record.state !== "disabling") {
    throw new ServiceError("OperationInvalidForCurrentState");
  }
  setJobState(engine, job, "active");
  touchJob(engine, job);
  terminateWhenAllComplete(engine, job);
  engine.emit({ kind: "tasksWaiting", job });
}
