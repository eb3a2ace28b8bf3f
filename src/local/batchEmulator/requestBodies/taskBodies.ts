import * as v from "valibot";
import { DURATIONS, LIMITS } from "../limits.ts";
import { ServiceError, invalidProperty } from "../serviceError.ts";
import { outputFile, resourceFile } from "./fileBodies.ts";
import type { JobSpec } from "./jobBodies.ts";
import {
  choice,
  commandLine,
  countOrUnlimited,
  DEFAULT_USER,
  displayName,
  duration,
  id,
  int32,
  environmentSetting,
  optional,
  parseBody,
  unsupported,
  userIdentity,
} from "./schema.ts";

const exitOptions = v.object({
  jobAction: optional(choice(["none", "disable", "terminate"])),
  dependencyAction: optional(choice(["satisfy", "block"])),
});
export type ExitOptions = v.InferOutput<typeof exitOptions>;

const exitConditions = v.object({
  exitCodes: optional(v.array(v.object({ code: int32, exitOptions }))),
  exitCodeRanges: optional(v.array(v.object({ start: int32, end: int32, exitOptions }))),
  preProcessingError: optional(exitOptions),
  fileUploadError: optional(exitOptions),
  default: optional(exitOptions),
});
export type ExitConditions = v.InferOutput<typeof exitConditions>;

const constraints = v.object({
  maxWallClockTime: optional(duration()),
  retentionTime: optional(duration()),
  maxTaskRetryCount: optional(countOrUnlimited),
});

export const newTask = v.object({
  id,
  displayName: optional(displayName),
  commandLine,
  containerSettings: unsupported("containerSettings"),
  exitConditions: optional(exitConditions),
  resourceFiles: optional(v.array(resourceFile)),
  outputFiles: optional(v.array(outputFile)),
  environmentSettings: optional(v.array(environmentSetting)),
  affinityInfo: optional(v.object({ affinityId: v.string() })),
  constraints: optional(constraints),
  requiredSlots: v.nullish(v.pipe(int32, v.minValue(1, "Must be at least 1")), 1),
  userIdentity: v.nullish(userIdentity, DEFAULT_USER),
  multiInstanceSettings: unsupported("multiInstanceSettings"),
  dependsOn: optional(
    v.object({
      taskIds: optional(v.array(v.string())),
      taskIdRanges: optional(v.array(v.object({ start: int32, end: int32 }))),
    }),
  ),
  applicationPackageReferences: unsupported("applicationPackageReferences"),
  authenticationTokenSettings: unsupported("authenticationTokenSettings"),
});

export interface TaskConstraints {
  readonly maxWallClockTime: string;
  readonly retentionTime: string;
  readonly maxTaskRetryCount: number;
}

export type TaskSpec = Omit<v.InferOutput<typeof newTask>, "constraints"> & { readonly constraints: TaskConstraints };

export function parseNewTask(body: unknown, job: JobSpec): TaskSpec {
  const task = parseBody(newTask, body);
  const files = task.resourceFiles ?? [];
  if (files.length > 0 && JSON.stringify(files).length > LIMITS.MAX_RESOURCE_FILES_CHARACTERS) {
    throw invalidProperty(
      "resourceFiles",
      `${files.length} files`,
      `Total size of resourceFiles cannot be more than ${LIMITS.MAX_RESOURCE_FILES_CHARACTERS} characters`,
    );
  }
  checkDependencies(task, job);
  return { ...task, constraints: withDefaults(task.constraints, job) };
}

/** What is left out goes back to the job's value. */
export function parseTaskConstraints(body: unknown, job: JobSpec): TaskConstraints {
  return withDefaults(parseBody(v.object({ constraints: optional(constraints) }), body).constraints, job);
}

/** The tasks of a collection are checked one by one, so that a bad one does not spoil the others. */
export function parseTaskCollection(body: unknown): readonly unknown[] {
  const { value } = parseBody(v.object({ value: v.array(v.unknown()) }), body);
  if (value.length > LIMITS.MAX_TASKS_PER_COLLECTION) {
    throw invalidProperty(
      "value",
      `${value.length} tasks`,
      `A collection may hold at most ${LIMITS.MAX_TASKS_PER_COLLECTION} tasks`,
    );
  }
  return value;
}

function withDefaults(given: v.InferOutput<typeof constraints> | undefined, job: JobSpec): TaskConstraints {
  return {
    maxWallClockTime: given?.maxWallClockTime ?? DURATIONS.UNLIMITED,
    retentionTime: given?.retentionTime ?? DURATIONS.DEFAULT_RETENTION,
    maxTaskRetryCount: given?.maxTaskRetryCount ?? job.constraints.maxTaskRetryCount,
  };
}

function checkDependencies(task: v.InferOutput<typeof newTask>, job: JobSpec): void {
  const ids = task.dependsOn?.taskIds ?? [];
  const ranges = task.dependsOn?.taskIdRanges ?? [];
  const allOptions = allExitOptions(task.exitConditions);
  const usesDependencies =
    task.dependsOn !== undefined || allOptions.some((options) => options.dependencyAction !== undefined);
  if (usesDependencies && !job.usesTaskDependencies) throw new ServiceError("TaskDependenciesNotSpecifiedOnJob");
  if (ids.reduce((sum, text) => sum + text.length, 0) > LIMITS.MAX_DEPENDENCY_IDS_CHARACTERS) {
    throw new ServiceError("TaskDependencyListTooLong");
  }
  if (ranges.length > LIMITS.MAX_DEPENDENCY_RANGES) throw new ServiceError("TaskDependencyRangesTooLong");
  const wrong = ranges.find((range) => range.start > range.end);
  if (wrong !== undefined) throw invalidProperty("dependsOn.taskIdRanges", wrong, "start must not be greater than end");
  if (job.onTaskFailure === "noaction" && allOptions.some((options) => options.jobAction !== undefined)) {
    throw invalidProperty(
      "exitConditions",
      "jobAction",
      "jobAction needs a job with onTaskFailure set to performexitoptionsjobaction",
    );
  }
}

function allExitOptions(conditions: ExitConditions | undefined): ExitOptions[] {
  if (conditions === undefined) return [];
  const { exitCodes = [], exitCodeRanges = [], preProcessingError, fileUploadError, default: otherwise } = conditions;
  return [...exitCodes, ...exitCodeRanges]
    .map((mapping) => mapping.exitOptions)
    .concat([preProcessingError, fileUploadError, otherwise].filter((options) => options !== undefined));
}
