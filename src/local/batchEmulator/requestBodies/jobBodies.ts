import * as v from "valibot";
import { DURATIONS, LIMITS } from "../limits.ts";
import { ServiceError } from "../serviceError.ts";
import { completeJobTasks, jobTasks, jobTasksStay } from "./jobTaskBodies.ts";
import type { JobTasks } from "./jobTaskBodies.ts";
import { checkPoolInfo, poolInfo } from "./poolInfoBodies.ts";
import {
  choice,
  countOrUnlimited,
  displayName,
  duration,
  id,
  int32,
  environmentSetting,
  nameValue,
  optional,
  parseBody,
  unsupported,
} from "./schema.ts";

const priority = v.pipe(
  int32,
  v.transform((value) => {
    if (value < LIMITS.MIN_PRIORITY || value > LIMITS.MAX_PRIORITY) throw new ServiceError("OutOfRangePriority");
    return value;
  }),
);

const constraints = v.object({
  maxWallClockTime: v.nullish(duration(), DURATIONS.UNLIMITED),
  maxTaskRetryCount: v.nullish(countOrUnlimited, 0),
});
type JobConstraints = v.InferOutput<typeof constraints>;

const DEFAULT_CONSTRAINTS: JobConstraints = { maxWallClockTime: DURATIONS.UNLIMITED, maxTaskRetryCount: 0 };

const maxParallelTasks = v.pipe(
  int32,
  v.check((value) => value === -1 || value > 0, "Must be -1 for unlimited, or greater than 0"),
);

const onAllTasksComplete = choice(["noaction", "terminatejob"]);
const onTaskFailure = choice(["noaction", "performexitoptionsjobaction"]);

/** All of a new job but its id; a job schedule has the same for the jobs that it makes. */
export const jobSpecification = v.object({
  displayName: optional(displayName),
  priority: v.nullish(priority, 0),
  maxParallelTasks: v.nullish(maxParallelTasks, -1),
  allowTaskPreemption: v.nullish(v.boolean(), false),
  constraints: v.nullish(constraints, DEFAULT_CONSTRAINTS),
  ...jobTasks,
  commonEnvironmentSettings: optional(v.array(environmentSetting)),
  poolInfo,
  onAllTasksComplete: v.nullish(onAllTasksComplete, "noaction"),
  onTaskFailure: v.nullish(onTaskFailure, "noaction"),
  networkConfiguration: unsupported("networkConfiguration of a job"),
  metadata: optional(v.array(nameValue)),
  usesTaskDependencies: v.nullish(v.boolean(), false),
});

export const newJob = v.object({ id, ...jobSpecification.entries });
export type JobSpec = Omit<v.InferOutput<typeof newJob>, keyof JobTasks> & JobTasks;

export function parseNewJob(body: unknown): JobSpec {
  const job = parseBody(newJob, body);
  checkPoolInfo(job.poolInfo, "job");
  return completeJobTasks(job);
}

const jobPatch = v.object({
  ...jobTasksStay,
  priority: optional(priority),
  maxParallelTasks: optional(maxParallelTasks),
  allowTaskPreemption: optional(v.boolean()),
  onAllTasksComplete: optional(onAllTasksComplete),
  constraints: optional(constraints),
  poolInfo: optional(poolInfo),
  networkConfiguration: unsupported("networkConfiguration of a job"),
  metadata: optional(v.array(nameValue)),
});
export type JobPatch = v.InferOutput<typeof jobPatch>;

export function parseJobPatch(body: unknown): JobPatch {
  const patch = parseBody(jobPatch, body);
  if (patch.poolInfo !== undefined) checkPoolInfo(patch.poolInfo, "jobschedule");
  return patch;
}

const jobUpdate = v.object({
  ...jobTasksStay,
  priority: v.nullish(priority, 0),
  maxParallelTasks: v.nullish(maxParallelTasks, -1),
  allowTaskPreemption: v.nullish(v.boolean(), false),
  onAllTasksComplete: v.nullish(onAllTasksComplete, "noaction"),
  constraints: v.nullish(constraints, DEFAULT_CONSTRAINTS),
  poolInfo,
  metadata: v.nullish(v.array(nameValue), []),
});

/** What a PUT leaves out returns to its default. */
export function parseJobUpdate(body: unknown): JobPatch {
  const update = parseBody(jobUpdate, body);
  checkPoolInfo(update.poolInfo, "jobschedule");
  return update;
}

const disableJob = v.object({ disableTasks: choice(["requeue", "terminate", "wait"]) });
export type DisableTasksOption = v.InferOutput<typeof disableJob>["disableTasks"];

export function parseDisableJob(body: unknown): DisableTasksOption {
  return parseBody(disableJob, body).disableTasks;
}

export function parseTerminateJob(body: unknown): string | undefined {
  return parseBody(v.object({ terminateReason: optional(v.string()) }), body ?? {}).terminateReason;
}
