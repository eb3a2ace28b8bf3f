import * as v from "valibot";
import { DURATIONS } from "../limits.ts";
import { jobSpecification } from "./jobBodies.ts";
import { completeJobTasks } from "./jobTaskBodies.ts";
import type { JobTasks } from "./jobTaskBodies.ts";
import { checkPoolInfo } from "./poolInfoBodies.ts";
import { displayName, duration, id, nameValue, optional, parseBody, time } from "./schema.ts";

const schedule = v.object({
  doNotRunUntil: optional(time),
  doNotRunAfter: optional(time),
  startWindow: optional(duration({ min: DURATIONS.MIN_START_WINDOW })),
  recurrenceInterval: optional(duration({ min: DURATIONS.MIN_RECURRENCE_INTERVAL })),
});
type Schedule = v.InferOutput<typeof schedule>;

type JobSpecification = Omit<v.InferOutput<typeof jobSpecification>, keyof JobTasks> & JobTasks;

/** Runs one job, now. */
const defaultSchedule = v.nullish(schedule, {});

export const newJobSchedule = v.object({
  id,
  displayName: optional(displayName),
  schedule: defaultSchedule,
  jobSpecification,
  metadata: optional(v.array(nameValue)),
});
export type JobScheduleSpec = Omit<v.InferOutput<typeof newJobSchedule>, "jobSpecification"> & {
  readonly jobSpecification: JobSpecification;
};

export function parseNewJobSchedule(body: unknown): JobScheduleSpec {
  return completed(parseBody(newJobSchedule, body));
}

export interface JobSchedulePatch {
  readonly schedule?: Schedule | undefined;
  readonly jobSpecification?: JobSpecification | undefined;
  readonly metadata?: JobScheduleSpec["metadata"];
}

const jobSchedulePatch = v.object({
  schedule: optional(schedule),
  jobSpecification: optional(jobSpecification),
  metadata: optional(v.array(nameValue)),
});

export function parseJobSchedulePatch(body: unknown): JobSchedulePatch {
  const { jobSpecification: specification, ...patch } = parseBody(jobSchedulePatch, body);
  return specification === undefined ? patch : completed({ ...patch, jobSpecification: specification });
}

const jobScheduleUpdate = v.object({
  schedule: defaultSchedule,
  jobSpecification,
  metadata: v.nullish(v.array(nameValue), []),
});

/** What a PUT leaves out returns to its default. */
export function parseJobScheduleUpdate(body: unknown): JobSchedulePatch {
  return completed(parseBody(jobScheduleUpdate, body));
}

/** Throws unless jobs can be made of the specification. */
function completed<Body extends { readonly jobSpecification: v.InferOutput<typeof jobSpecification> }>(body: Body) {
  checkPoolInfo(body.jobSpecification.poolInfo, "jobschedule");
  return { ...body, jobSpecification: completeJobTasks(body.jobSpecification) };
}
