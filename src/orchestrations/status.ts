import type { OrchestrationContext } from "durable-functions";
import type { AddedTask } from "../model/batchTask.ts";
import type { ConversionPhase } from "../model/conversion.ts";
import type { ConversionProgress } from "./contract.ts";

/** Sets the custom status of the orchestration. */
export function report(
  context: OrchestrationContext,
  attempt: number,
  phase: ConversionPhase,
  details: Partial<Pick<ConversionProgress, "percent" | "waitReason" | "submission">> = {},
): void {
  const { percent = null, waitReason = null, submission = null } = details;
  const progress: ConversionProgress = {
    phase,
    percent,
    waitReason,
    attempt,
    submission: submission && briefly(submission),
  };
  context.df.setCustomStatus(progress);
}

/** Without what a `Submission` has beyond this, because the status goes into the history at every change. */
function briefly({ task, submittedAt }: AddedTask): AddedTask {
  return { task, submittedAt };
}
