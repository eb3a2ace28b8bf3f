import type { FailureInfo } from "../../model/records.ts";

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

export function failureExitCode(): FailureInfo {
  return {
    category: "UserError",
    code: "FailureExitCode",
    message: "The task exited with an exit code representing a failure",
    details: [
      { name: "Message", value: "The task process exited with an unexpected exit code" },
      { name: "AdditionalErrorCode", value: "FailureExitCode" },
    ],
  };
}
