import type { Task } from "../../model/entities.ts";
import type { ExitConditions, ExitOptions } from "../../requestBodies/taskBodies.ts";
import type { Completion } from "./taskTransitions.ts";

interface Actions {
  readonly jobAction: "none" | "disable" | "terminate";
  readonly dependencyAction: "satisfy" | "block";
}

/** What the end of a task means for its job and for the tasks that wait for it. */
export function exitOptionsFor(task: Task, completion: Completion): Actions {
  const given = mapped(task.record.spec.exitConditions ?? {}, completion);
  const isSuccess = completion.failureInfo === undefined;
  return {
    jobAction: given?.jobAction ?? (isSuccess ? "none" : "terminate"),
    dependencyAction: given?.dependencyAction ?? (isSuccess ? "satisfy" : "block"),
  };
}

/** A mapped exit code wins over a failed upload; the default applies to what nothing else covers, except success. */
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
