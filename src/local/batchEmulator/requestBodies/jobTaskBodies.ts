import * as v from "valibot";
import { DURATIONS } from "../limits.ts";
import { invalidProperty, ServiceError } from "../serviceError.ts";
import { checkSizeOfResourceFiles, outputFile, resourceFile } from "./fileBodies.ts";
import {
  authenticationTokenSettings,
  commandLine,
  containerSettings,
  DEFAULT_USER,
  displayName,
  duration,
  environmentSetting,
  id,
  optional,
  requiredSlots,
  unchangeable,
  unsupported,
  userIdentity,
} from "./schema.ts";
import { constraintsWithDefaults, taskConstraints } from "./taskConstraints.ts";
import type { TaskConstraints } from "./taskConstraints.ts";

/* The tasks that a job brings along itself, in the order in which the service writes their properties. */

const everyTask = {
  commandLine,
  containerSettings: optional(containerSettings),
  resourceFiles: optional(v.array(resourceFile)),
  environmentSettings: optional(v.array(environmentSetting)),
};

const managerTask = v.object({
  id,
  displayName: optional(displayName),
  ...everyTask,
  outputFiles: optional(v.array(outputFile)),
  constraints: optional(taskConstraints),
  requiredSlots,
  userIdentity: v.nullish(userIdentity, DEFAULT_USER),
  runExclusive: v.nullish(v.boolean(), true),
  allowLowPriorityNode: v.nullish(v.boolean(), true),
  killJobOnCompletion: v.nullish(v.boolean(), true),
  applicationPackageReferences: unsupported("applicationPackageReferences"),
  authenticationTokenSettings: optional(authenticationTokenSettings),
});

const preparationTask = v.object({
  id: v.nullish(id, "jobpreparation"),
  ...everyTask,
  constraints: optional(taskConstraints),
  userIdentity: v.nullish(userIdentity, DEFAULT_USER),
  waitForSuccess: v.nullish(v.boolean(), true),
  rerunOnNodeRebootAfterSuccess: v.nullish(v.boolean(), true),
});

const releaseTask = v.object({
  id: v.nullish(id, "jobrelease"),
  ...everyTask,
  maxWallClockTime: v.nullish(duration({ max: DURATIONS.MAX_RELEASE_TIME }), DURATIONS.MAX_RELEASE_TIME),
  retentionTime: v.nullish(duration(), DURATIONS.DEFAULT_RETENTION),
  userIdentity: v.nullish(userIdentity, DEFAULT_USER),
});

/** Part of the body of a new job. */
export const jobTasks = {
  jobManagerTask: optional(managerTask),
  jobPreparationTask: optional(preparationTask),
  jobReleaseTask: optional(releaseTask),
};

/** Part of the body of a change. */
export const jobTasksStay = {
  jobManagerTask: unchangeable("jobManagerTask"),
  jobPreparationTask: unchangeable("jobPreparationTask"),
  jobReleaseTask: unchangeable("jobReleaseTask"),
};

type Completed<Task> = Omit<Task, "constraints"> & { readonly constraints: TaskConstraints };

export type JobManagerSpec = Completed<v.InferOutput<typeof managerTask>>;
export type JobPreparationSpec = Completed<v.InferOutput<typeof preparationTask>>;
export type JobReleaseSpec = v.InferOutput<typeof releaseTask>;

export interface JobTasks {
  readonly jobManagerTask?: JobManagerSpec | undefined;
  readonly jobPreparationTask?: JobPreparationSpec | undefined;
  readonly jobReleaseTask?: JobReleaseSpec | undefined;
}

interface JobWithTasks {
  readonly constraints: { readonly maxTaskRetryCount: number };
  readonly jobManagerTask?: v.InferOutput<typeof managerTask> | undefined;
  readonly jobPreparationTask?: v.InferOutput<typeof preparationTask> | undefined;
  readonly jobReleaseTask?: JobReleaseSpec | undefined;
}

/** Gives the tasks what they have from their job. Throws if they do not go together. */
export function completeJobTasks<Job extends JobWithTasks>(job: Job): Omit<Job, keyof JobTasks> & JobTasks {
  const { jobManagerTask: manager, jobPreparationTask: preparation, jobReleaseTask: release } = job;
  if (release !== undefined && preparation === undefined) {
    throw invalidProperty(
      "jobReleaseTask",
      release.id,
      "A job release task cannot be specified without a job preparation task",
    );
  }
  for (const task of [manager, preparation, release]) checkSizeOfResourceFiles(task?.resourceFiles ?? []);
  if (manager !== undefined) refuseIdsOfJobTasks(manager.id, job);
  if (release !== undefined && isSameId(release.id, preparation?.id)) {
    throw new ServiceError("TaskIdSameAsJobPreparationTask");
  }
  return {
    ...job,
    jobManagerTask: manager && { ...manager, constraints: constraintsWithDefaults(manager.constraints, job) },
    jobPreparationTask: preparation && {
      ...preparation,
      constraints: constraintsWithDefaults(preparation.constraints, job),
    },
  };
}

/** No other task of the job may be called like these two. */
export function refuseIdsOfJobTasks(
  taskId: string,
  job: {
    readonly jobPreparationTask?: { readonly id: string } | undefined;
    readonly jobReleaseTask?: { readonly id: string } | undefined;
  },
): void {
  if (isSameId(taskId, job.jobPreparationTask?.id)) throw new ServiceError("TaskIdSameAsJobPreparationTask");
  if (isSameId(taskId, job.jobReleaseTask?.id)) throw new ServiceError("TaskIdSameAsJobReleaseTask");
}

function isSameId(one: string, other: string | undefined): boolean {
  return one.toLowerCase() === other?.toLowerCase();
}
