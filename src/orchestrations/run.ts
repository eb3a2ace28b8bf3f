import type { OrchestrationContext } from "durable-functions";
import type { AddedTask } from "../model/batchTask.ts";
import type { Attempt, ConversionPhase } from "../model/conversion.ts";
import { TASK_ENDED_EVENT } from "../model/conversion.ts";
import { MAX_ATTEMPTS } from "../model/failures.ts";
import type { Cancellation } from "./cancellation.ts";
import { createCancellation } from "./cancellation.ts";
import type { ConversionInput } from "./contract.ts";
import type { Signal } from "./signal.ts";
import { createSignal } from "./signal.ts";
import type { ConversionProgress } from "./stage.ts";

/** What is the same in all rounds of one generation of the orchestration. */
export interface Run {
  readonly context: OrchestrationContext;
  readonly cancellation: Cancellation;
  /** A hint, and no more: it may be lost, come twice, too early or for the task of another attempt. */
  readonly taskEnded: Signal;
  readonly conversion: Omit<Attempt, "attempt">;
  readonly firstAttempt: number;
  readonly lastAttempt: number;
  /** What the custom status says now. */
  progress(): ConversionProgress | null;
  /** Sets the custom status of the orchestration. */
  report(attempt: number, phase: ConversionPhase, details?: ProgressDetails): void;
}

type ProgressDetails = Partial<Pick<ConversionProgress, "percent" | "waitReason" | "submission">>;

/** A run that is resumed says what it said before, until it has something new to say. */
export function beginRun(context: OrchestrationContext, input: ConversionInput): Run {
  const { workload, source, firstAttempt = 1, startedAt = context.df.currentUtcDateTime.toISOString() } = input;
  let said = input.resumed?.progress ?? null;
  if (said !== null) context.df.setCustomStatus(said);
  return {
    context,
    cancellation: createCancellation(context),
    taskEnded: createSignal(context, TASK_ENDED_EVENT),
    conversion: { conversionId: context.df.instanceId, workload, source, startedAt },
    firstAttempt,
    lastAttempt: firstAttempt + MAX_ATTEMPTS - 1,
    progress: () => said,
    report(attempt, phase, { percent = null, waitReason = null, submission = null } = {}) {
      said = { phase, percent, waitReason, attempt, submission: submission && briefly(submission) };
      context.df.setCustomStatus(said);
    },
  };
}

/** Without what a `Submission` has beyond this, because the status goes into the history at every change. */
function briefly({ task, submittedAt }: AddedTask): AddedTask {
  return { task, submittedAt };
}
