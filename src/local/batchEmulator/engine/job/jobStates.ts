import type { Job } from "../../model/entities.ts";
import type { JobState } from "../../model/records.ts";
import type { Engine } from "../engine.ts";

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
export function touchJob(engine: Engine, job: Job): void {
  Object.assign(job.record, engine.newVersion());
  engine.store.saveJob(job);
}

export function isEnding({ record: { state } }: Job): boolean {
  return state === "terminating" || state === "completed" || state === "deleting";
}

function isSteady(state: JobState): boolean {
  return state === "active" || state === "disabled" || state === "completed";
}
