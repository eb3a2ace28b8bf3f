import { keyOf } from "../../model/entities.ts";
import type { Job, JobSchedule } from "../../model/entities.ts";
import type { JobScheduleRecord } from "../../model/records.ts";
import { timestamp } from "../../timestamp.ts";
import type { Engine } from "../engine.ts";
import { addJob } from "../job/jobCommands.ts";
import { deleteJob, terminateJob } from "../job/jobEndings.ts";
import { isEnding } from "../job/jobStates.ts";
import { deleteAutoPool } from "../pool/autoPools.ts";
import { setJobScheduleState } from "./jobScheduleStates.ts";
import { nextRunMs } from "./occurrences.ts";

/**
 * Does what is next for the schedule, and sees to it that it is called again when there is more to do: after every
 * change of the schedule, at the time of its next job, when a job of it has ended, and after a restart.
 */
export function continueJobSchedule(engine: Engine, schedule: JobSchedule): void {
  schedule.cancelTimer?.();
  if (currentJob(engine, schedule) === undefined) deleteRetiredPool(engine, schedule);
  const { state } = schedule.record;
  if (state === "active") continueRuns(engine, schedule);
  if (state === "terminating") continueTermination(engine, schedule);
  if (state === "deleting") continueDeletion(engine, schedule);
}

export function continueScheduleOf(engine: Engine, job: Job): void {
  const schedule = engine.store.jobScheduleOf(job);
  if (schedule === undefined) return;
  const { id, state } = schedule.record;
  // Its other jobs are being deleted already, and there may be thousands.
  if (state === "deleting" && engine.store.jobIndex.ofSchedule(id).size > 0) return;
  continueJobSchedule(engine, schedule);
}

/** A schedule has one such job at a time. */
export function currentJob(engine: Engine, { record }: JobSchedule): Job | undefined {
  const job = engine.store.jobs.get(keyOf(record.recentJobId ?? ""));
  return job?.record.state === "completed" ? undefined : job;
}

function continueRuns(engine: Engine, schedule: JobSchedule): void {
  const { record } = schedule;
  const nowMs = engine.nowMs();
  const dueMs = nextRunMs(record, nowMs);
  if (dueMs !== undefined && dueMs > nowMs) {
    continueAt(engine, schedule, dueMs);
    return;
  }
  // The end of the job that is running is what comes next.
  if (currentJob(engine, schedule) !== undefined) return;
  if (dueMs !== undefined) {
    startJob(engine, schedule, dueMs);
    continueJobSchedule(engine, schedule);
    return;
  }
  const endMs = endMsOf(record) ?? nowMs;
  if (endMs > nowMs) continueAt(engine, schedule, endMs);
  else complete(engine, schedule);
}

/** Until then a schedule that recurs stays active; one that does not completes with its job. */
function endMsOf({ spec }: JobScheduleRecord): number | undefined {
  const { recurrenceInterval, doNotRunAfter } = spec.schedule;
  if (recurrenceInterval === undefined) return undefined;
  return doNotRunAfter === undefined ? Number.POSITIVE_INFINITY : Date.parse(doNotRunAfter);
}

function continueAt(engine: Engine, schedule: JobSchedule, timeMs: number): void {
  schedule.cancelTimer = engine.after(timeMs - engine.nowMs(), () => continueJobSchedule(engine, schedule));
}

function startJob(engine: Engine, schedule: JobSchedule, dueMs: number): void {
  const { record } = schedule;
  const id = `${record.id}:job-${record.jobCount + 1}`;
  record.jobCount += 1;
  record.lastRunTime = timestamp(dueMs);
  record.recentJobId = id;
  engine.store.saveJobSchedule(schedule);
  addJob(engine, { ...record.spec.jobSpecification, id });
}

/** Its jobs stay. */
function complete(engine: Engine, schedule: JobSchedule): void {
  setJobScheduleState(engine, schedule, "completed");
  schedule.record.endTime = engine.now();
  engine.store.saveJobSchedule(schedule);
  deletePool(engine, schedule);
}

function continueTermination(engine: Engine, schedule: JobSchedule): void {
  const job = currentJob(engine, schedule);
  if (job !== undefined) {
    // As recorded; the reference calls it TerminateJobSchedule.
    if (!isEnding(job)) terminateJob(engine, job, "TerminateWorkitem", schedule.record.isForced);
    return;
  }
  schedule.cancelTimer = engine.after(engine.timings.jobTerminateMs, () => complete(engine, schedule));
}

/** Deletes its jobs, then the schedule. */
function continueDeletion(engine: Engine, schedule: JobSchedule): void {
  const jobs = engine.store.jobIndex.ofSchedule(schedule.record.id);
  for (const job of jobs) if (job.record.state !== "deleting") deleteJob(engine, job, schedule.record.isForced);
  if (jobs.size > 0) return;
  schedule.cancelTimer = engine.after(engine.timings.jobDeleteMs, () => {
    engine.store.removeJobSchedule(schedule);
    deletePool(engine, schedule);
  });
}

function deletePool(engine: Engine, { record }: JobSchedule): void {
  const automatic = record.spec.jobSpecification.poolInfo.autoPoolSpecification;
  if (automatic?.keepAlive !== true) deleteAutoPool(engine, record.autoPoolId);
}

/** One that was made by an earlier specification goes once no job runs on it. */
function deleteRetiredPool(engine: Engine, schedule: JobSchedule): void {
  const { record } = schedule;
  if (record.retiredPoolId === undefined) return;
  deleteAutoPool(engine, record.retiredPoolId);
  delete record.retiredPoolId;
  engine.store.saveJobSchedule(schedule);
}
