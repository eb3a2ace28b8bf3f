import { errorMessage } from "../../../kit/errorText.ts";
import type { FailureInfo } from "../../model/records.ts";
import type { Outcome } from "../../runner/taskRunner.ts";

export const ENDED_BY_USER: FailureInfo = {
  category: "UserError",
  code: "TaskEnded",
  message: "Task Was Ended by User Request",
};

/** Exceeding maxWallClockTime has no code of its own. */
export const ENDED_BY_SERVICE: FailureInfo = {
  category: "ServerError",
  code: "TaskEnded",
  message: "The task was ended because it exceeded its maximum wall clock time",
};

/** Of a preparation or release task whose node restarted or left. */
export const ENDED_WITH_NODE: FailureInfo = {
  category: "ServerError",
  code: "TaskEnded",
  message: "The task was ended because its node was restarted or left the pool",
};

/** The service takes such a task and fails it on its node. */
export const NO_CONTAINERS: FailureInfo = {
  category: "UserError",
  code: "ContainerPoolNotSupported",
  message: "The specified pool does not support container tasks.",
};

const FAILURE_EXIT_CODE: FailureInfo = {
  category: "UserError",
  code: "FailureExitCode",
  message: "The task exited with an exit code representing a failure",
  details: [
    { name: "Message", value: "The task process exited with an unexpected exit code" },
    { name: "AdditionalErrorCode", value: "FailureExitCode" },
  ],
};

/** Undefined where the command ended well. */
export function failureOf(outcome: Outcome): FailureInfo | undefined {
  if (outcome.kind === "failed") return outcome.failure;
  return outcome.exitCode === 0 ? undefined : FAILURE_EXIT_CODE;
}

/** For a defect of the emulator itself. */
export function unknownFailure(error: unknown): FailureInfo {
  return { category: "ServerError", code: "Unknown", message: errorMessage(error) };
}
