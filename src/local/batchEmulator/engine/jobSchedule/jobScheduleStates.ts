import type { JobSchedule } from "../../model/entities.ts";
import type { JobScheduleState } from "../../model/records.ts";
import type { Engine } from "../engine.ts";
import { enterState } from "../enterState.ts";

export function setJobScheduleState(engine: Engine, schedule: JobSchedule, state: JobScheduleState): void {
  enterState(schedule.record, state, engine.now());
  engine.store.saveJobSchedule(schedule);
}

/** A change that a user asked for shows in the ETag; what the service does by itself, such as creating jobs, does not. */
export function touchJobSchedule(engine: Engine, schedule: JobSchedule): void {
  Object.assign(schedule.record, engine.newVersion());
  engine.store.saveJobSchedule(schedule);
}
