import type { Job, JobSchedule } from "../../model/entities.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";

/** When the current pause of each job and job schedule ends. Not kept: a restart lasts longer than a pause. */
const pauses = new WeakMap<Job | JobSchedule, number>();

/** The service answered an update right after an add, and a disable right after that, with 429 and `Retry-After: 30`. */
export function refuseWhenThrottled(engine: Engine, changed: Job | JobSchedule): void {
  const leftMs = (pauses.get(changed) ?? 0) - engine.nowMs();
  if (leftMs <= 0) return;
  throw new ServiceError("TooManyRequests", { retryAfterSeconds: Math.ceil(leftMs / 1000) });
}

export function pauseChanges(engine: Engine, changed: Job | JobSchedule): void {
  const { jobChangePauseSeconds } = engine.choices;
  if (jobChangePauseSeconds > 0) pauses.set(changed, engine.nowMs() + jobChangePauseSeconds * 1000);
}
