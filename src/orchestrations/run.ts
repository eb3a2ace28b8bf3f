import type { OrchestrationContext } from "durable-functions";
import type { AddedTask, Submission } from "../model/batchTask.ts";
import type { Attempt, ConversionPhase, VersionFacts } from "../model/conversion.ts";
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
  /** As in its input. */
  readonly patienceSeconds: number | null | undefined;
  /** As in its input. */
  readonly facts: VersionFacts | undefined;
  /** What the custom status says now. */
  progress(): ConversionProgress | null;
  /** Sets the custom status of the orchestration. */
  report(attempt: number, phase: ConversionPhase, details?: ProgressDetails): void;
}

interface ProgressDetails extends Partial<Pick<ConversionProgress, "percent" | "waitReason" | "waitingSince">> {
  readonly submission?: (AddedTask & Pick<Submission, "renewal">) | null;
  /** The one that is being added, if it is not that of the submission. */
  readonly renewal?: number;
}

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
    patienceSeconds: input.patienceSeconds,
    facts: input.facts,
    progress: () => said,
    report(attempt, phase, details = {}) {
      const { percent = null, waitReason = null, waitingSince = null, submission = null } = details;
      const renewals = Math.max(said?.renewals ?? 0, details.renewal ?? submission?.renewal ?? 0);
      said = {
        phase,
        percent,
        waitReason,
        waitingSince,
        attempt,
        ...(renewals > 0 && { renewals }),
        submission: submission && briefly(submission),
      };
      context.df.setCustomStatus(said);
    },
  };
}

/** Without what a `Submission` has beyond this, because the status goes into the history at every change. */
function briefly({ task, submittedAt }: AddedTask): AddedTask {
  return { task, submittedAt };
}
