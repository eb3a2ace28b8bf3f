import type { Task } from "../model/entities.ts";
import type { FailureInfo } from "../model/records.ts";
import type { ExitConditions, ExitOptions } from "../requestBodies/taskBodies.ts";

/** How a task ended. */
export interface Completion {
  readonly exitCode?: number | undefined;
  readonly failureInfo?: FailureInfo | undefined;
  readonly isPreProcessingFailure?: boolean;
  readonly isUploadFailure?: boolean;
}

/** What the end of a task means for its job and for the tasks that depend on it. */
export interface ExitActions {
  readonly jobAction: "none" | "disable" | "terminate";
  readonly dependencyAction: "satisfy" | "block";
}

/**
 * A task without exit conditions leaves its job alone, however it ended: `terminate` is the default of an exit option, and
 * it has none. https://learn.microsoft.com/rest/api/batchservice/tasks/create-task#exitoptions
 */
export function exitActionsFor(task: Task, completion: Completion): ExitActions {
  const { exitConditions } = task.record.spec;
  const given = mapped(exitConditions ?? {}, completion);
  const isSuccess = completion.failureInfo === undefined;
  return {
    jobAction: given?.jobAction ?? (isSuccess || exitConditions === undefined ? "none" : "terminate"),
    dependencyAction: given?.dependencyAction ?? (isSuccess ? "satisfy" : "block"),
  };
}

/** A mapped exit code wins over a failed upload; the default covers everything else but success. */
function mapped(conditions: Partial<ExitConditions>, completion: Completion): ExitOptions | undefined {
  const { exitCode } = completion;
  if (exitCode !== undefined) {
    const exact = conditions.exitCodes?.find(({ code }) => code === exitCode);
    const range = conditions.exitCodeRanges?.find(({ start, end }) => start <= exitCode && exitCode <= end);
    const found = exact ?? range;
    if (found !== undefined) return found.exitOptions;
  }
  if (completion.isPreProcessingFailure === true) return conditions.preProcessingError ?? conditions.default;
  if (completion.isUploadFailure === true) return conditions.fileUploadError ?? conditions.default;
  return completion.failureInfo === undefined ? undefined : conditions.default;
}
