import type { Job } from "../../model/entities.ts";
import type { JobState } from "../../model/records.ts";
import type { Engine } from "../engine.ts";
import { enterState } from "../enterState.ts";

export function setJobState(engine: Engine, job: Job, state: JobState): void {
  enterState(job.record, state, engine.now());
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
