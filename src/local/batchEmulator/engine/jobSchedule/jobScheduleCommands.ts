import { isDeepStrictEqual } from "node:util";
import { keyOf } from "../../model/entities.ts";
import type { JobSchedule } from "../../model/entities.ts";
import type { JobSchedulePatch, JobScheduleSpec } from "../../requestBodies/jobScheduleBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { refuseWhenScheduleIsEnding } from "../refusals.ts";
import { continueJobSchedule } from "./jobScheduleRuns.ts";
import { setJobScheduleState, touchJobSchedule } from "./jobScheduleStates.ts";

/** The first job is there before this returns, unless the schedule begins later. */
export function addJobSchedule(engine: Engine, spec: JobScheduleSpec): JobSchedule {
  const key = keyOf(spec.id);
  const existing = engine.store.jobSchedules.get(key);
  if (existing !== undefined) {
    throw new ServiceError(existing.record.state === "deleting" ? "JobScheduleBeingDeleted" : "JobScheduleExists");
  }
  if (engine.store.jobs.has(key)) throw new ServiceError("JobWithSameIdExists");
  const version = engine.newVersion();
  const schedule = engine.store.addJobSchedule({
    id: spec.id,
    seq: engine.store.nextSeq(),
    spec,
    ...version,
    creationTime: version.lastModified,
    state: "active",
    stateTransitionTime: version.lastModified,
    jobCount: 0,
  });
  continueJobSchedule(engine, schedule);
  return schedule;
}

/** A job that is running goes on as it was specified. */
export function patchJobSchedule(engine: Engine, schedule: JobSchedule, patch: JobSchedulePatch): void {
  refuseWhenScheduleIsEnding(schedule);
  const { record } = schedule;
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  const spec = { ...record.spec, ...given };
  retirePool(schedule, spec);
  record.spec = spec;
  touchJobSchedule(engine, schedule);
  continueJobSchedule(engine, schedule);
}

export function enableJobSchedule(engine: Engine, schedule: JobSchedule): void {
  refuseWhenScheduleIsEnding(schedule);
  if (schedule.record.state !== "disabled") throw new ServiceError("OperationInvalidForCurrentState");
  setJobScheduleState(engine, schedule, "active");
  touchJobSchedule(engine, schedule);
  continueJobSchedule(engine, schedule);
}

/** A job that is running goes on. */
export function disableJobSchedule(engine: Engine, schedule: JobSchedule): void {
  refuseWhenScheduleIsEnding(schedule);
  if (schedule.record.state === "disabled") throw new ServiceError("JobScheduleDisabled");
  setJobScheduleState(engine, schedule, "disabled");
  touchJobSchedule(engine, schedule);
  continueJobSchedule(engine, schedule);
}

/** If it is forced, so is the end of its job. */
export function terminateJobSchedule(engine: Engine, schedule: JobSchedule, isForced: boolean): void {
  refuseWhenScheduleIsEnding(schedule);
  if (isForced) schedule.record.isForced = true;
  setJobScheduleState(engine, schedule, "terminating");
  touchJobSchedule(engine, schedule);
  continueJobSchedule(engine, schedule);
}

/** As recorded, a deletion leaves the ETag as it is. If it is forced, so is that of its jobs. */
export function deleteJobSchedule(engine: Engine, schedule: JobSchedule, isForced: boolean): void {
  if (schedule.record.state === "deleting") throw new ServiceError("JobScheduleBeingDeleted");
  if (isForced) schedule.record.isForced = true;
  setJobScheduleState(engine, schedule, "deleting");
  continueJobSchedule(engine, schedule);
}

/** The pool that was made for the jobs of the schedule is of no more use once another one is described. */
function retirePool({ record }: JobSchedule, spec: JobScheduleSpec): void {
  const before = record.spec.jobSpecification.poolInfo.autoPoolSpecification;
  const after = spec.jobSpecification.poolInfo.autoPoolSpecification;
  if (record.autoPoolId === undefined || before === undefined) return;
  if (after !== undefined && isDeepStrictEqual(before, { ...after, keepAlive: before.keepAlive })) return;
  if (!before.keepAlive) record.retiredPoolId = record.autoPoolId;
  delete record.autoPoolId;
}
