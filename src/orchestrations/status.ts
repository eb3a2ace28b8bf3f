import type { OrchestrationContext } from "durable-functions";
import type { Submission } from "../model/batchTask.ts";
import type { ConversionPhase } from "../model/conversion.ts";

/** The custom status of a conversion's instance: what the user sees while it runs. */
export interface ConversionProgress {
  readonly phase: ConversionPhase;
  readonly percent: number | null;
  readonly waitReason: string | null;
  readonly attempt: number;
  /** The task of the attempt, so that whoever ends the orchestration from outside can end the task, too. */
  readonly submission: Pick<Submission, "task" | "submittedAt"> | null;
}

export function report(
  context: OrchestrationContext,
  attempt: number,
  phase: ConversionPhase,
  details: Partial<Pick<ConversionProgress, "percent" | "waitReason" | "submission">> = {},
): void {
  const { percent = null, waitReason = null } = details;
  const submission = details.submission ?? null;
  const submitted = submission && { task: submission.task, submittedAt: submission.submittedAt };
  const progress: ConversionProgress = { phase, percent, waitReason, attempt, submission: submitted };
  context.df.setCustomStatus(progress);
}
