import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import { ServiceError, invalidProperty } from "../serviceError.ts";
import { checkSizeOfResourceFiles, outputFile, resourceFile } from "./fileBodies.ts";
import type { JobSpec } from "./jobBodies.ts";
import {
  authenticationTokenSettings,
  choice,
  commandLine,
  containerSettings,
  DEFAULT_USER,
  displayName,
  id,
  int32,
  environmentSetting,
  optional,
  parseBody,
  requiredSlots,
  unsupported,
  userIdentity,
} from "./schema.ts";
import { constraintsWithDefaults, taskConstraints } from "./taskConstraints.ts";
import type { TaskConstraints } from "./taskConstraints.ts";

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

export const newTask = v.object({
  id,
  displayName: optional(displayName),
  commandLine,
  containerSettings: optional(containerSettings),
  exitConditions: optional(exitConditions),
  resourceFiles: optional(v.array(resourceFile)),
  outputFiles: optional(v.array(outputFile)),
  environmentSettings: optional(v.array(environmentSetting)),
  affinityInfo: optional(v.object({ affinityId: v.string() })),
  constraints: optional(taskConstraints),
  requiredSlots,
  userIdentity: v.nullish(userIdentity, DEFAULT_USER),
  multiInstanceSettings: unsupported("multiInstanceSettings"),
  dependsOn: optional(
    v.object({
      taskIds: optional(v.array(v.string())),
      taskIdRanges: optional(v.array(v.object({ start: int32, end: int32 }))),
    }),
  ),
  applicationPackageReferences: unsupported("applicationPackageReferences"),
  authenticationTokenSettings: optional(authenticationTokenSettings),
});

export type TaskSpec = Omit<v.InferOutput<typeof newTask>, "constraints"> & { readonly constraints: TaskConstraints };

export function parseNewTask(body: unknown, job: JobSpec): TaskSpec {
  const task = parseBody(newTask, body);
  checkSizeOfResourceFiles(task.resourceFiles ?? []);
  checkDependencies(task, job);
  return { ...task, constraints: constraintsWithDefaults(task.constraints, job) };
}

/** What is left out goes back to the job's value. */
export function parseTaskConstraints(body: unknown, job: JobSpec): TaskConstraints {
  const { constraints } = parseBody(v.object({ constraints: optional(taskConstraints) }), body);
  return constraintsWithDefaults(constraints, job);
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
