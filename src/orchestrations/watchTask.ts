import type { OrchestrationContext } from "durable-functions";
import { readTask } from "../activities/index.ts";
import type { TaskStatus } from "../activities/readTask.ts";
import type { Submission } from "../activities/submitTask.ts";
import type { Failure } from "../conversion.ts";
import type { Step } from "../durable.ts";
import type { CompletedTask } from "../batchTask.ts";
import { addSeconds, parseTime, secondsBetween } from "../time.ts";
import { nextDelaySeconds } from "./polling.ts";
import { briefRetry, reasonOf } from "./retries.ts";
import { report } from "./status.ts";

/** What has been seen of a task so far; carried through continue-as-new, so all times are absolute. */
export interface Watch {
  readonly submission: Submission;
  /** Null while the task waits for a node. */
  readonly convertingSince: string | null;
  readonly waitReason: string | null;
}

export type WatchResult =
  | { readonly status: "completed"; readonly completed: CompletedTask }
  /** The history has grown enough: continue as new with this. */
  | { readonly status: "paused"; readonly watch: Watch }
  | { readonly status: "failed"; readonly failure: Failure; readonly isRetriable: boolean };

/** Each poll adds some five events to the history, which is replayed at every turn. */
const MAX_POLLS_PER_GENERATION = 40;
/** Batch itself ends the task at its limit; that ours comes later gives it the time to upload the logs. */
const CONVERTING_GRACE_SECONDS = 300;

/** Looks at the task from time to time until it is completed, or one of its deadlines has passed. */
export function* watchTask(context: OrchestrationContext, attempt: number, start: Watch): Step<WatchResult> {
  let watch = start;
  for (let poll = 0; poll < MAX_POLLS_PER_GENERATION; poll++) {
    const deadline = deadlineOf(watch);
    const next = nextDelaySeconds(secondsBetween(phaseStart(watch), context.df.currentUtcDateTime));
    const nextPoll = addSeconds(context.df.currentUtcDateTime, next);
    yield context.df.createTimer(nextPoll < deadline ? nextPoll : deadline);

    const seen = yield* look(watch);
    const now = context.df.currentUtcDateTime;
    switch (seen.state) {
      case "completed":
        return { status: "completed", completed: seen.completed };
      case "missing":
        return { status: "failed", failure: taskMissing(watch.submission), isRetriable: true };
      case "converting":
        watch = { ...watch, convertingSince: watch.convertingSince ?? now.toISOString(), waitReason: null };
        report(context, attempt, "converting", { percent: seen.percent });
        break;
      case "waiting":
        watch = waitFrom(watch, now, seen.reason);
        report(context, attempt, "waiting", { waitReason: watch.waitReason });
        break;
      case "unknown":
        watch = { ...watch, waitReason: seen.reason };
        report(context, attempt, phaseOf(watch), { waitReason: seen.reason });
        break;
    }
    if (now >= deadlineOf(watch)) return { status: "failed", failure: tooLate(watch), isRetriable: false };
  }
  return { status: "paused", watch };
}

/** A Batch service that does not answer is a reason to look again later; only the deadline ends the waiting. */
function* look(watch: Watch): Step<TaskStatus | { readonly state: "unknown"; readonly reason: string }> {
  try {
    return yield* readTask({ task: watch.submission.task }, briefRetry);
  } catch (error) {
    return { state: "unknown", reason: reasonOf(error) };
  }
}

/** A task that ran and is active again has lost its node: it waits anew, from now on. */
function waitFrom(watch: Watch, now: Date, waitReason: string | null): Watch {
  if (watch.convertingSince === null) return { ...watch, waitReason };
  const submission = { ...watch.submission, submittedAt: now.toISOString() };
  return { submission, convertingSince: null, waitReason: waitReason ?? "the task lost its node and starts again" };
}

function phaseOf(watch: Watch): "waiting" | "converting" {
  return watch.convertingSince === null ? "waiting" : "converting";
}

function phaseStart({ convertingSince, submission }: Watch): Date {
  return parseTime(convertingSince ?? submission.submittedAt);
}

function deadlineOf(watch: Watch): Date {
  const { waitingSeconds, convertingSeconds } = watch.submission;
  const limit = watch.convertingSince === null ? waitingSeconds : convertingSeconds + CONVERTING_GRACE_SECONDS;
  return addSeconds(phaseStart(watch), limit);
}

function tooLate(watch: Watch): Failure {
  const because = watch.waitReason === null ? "" : `: ${watch.waitReason}`;
  const { waitingSeconds, convertingSeconds } = watch.submission;
  return watch.convertingSince === null
    ? {
        code: "NoCapacity",
        message: `No node of Azure Batch took the task within ${waitingSeconds / 60} minutes${because}`,
        hint: "Look at the pool in Azure Batch: its quota, resize errors and start task. Then upload the video again.",
      }
    : {
        code: "ConversionTimedOut",
        message: `The conversion took longer than ${convertingSeconds / 60} minutes${because}`,
        hint: "Raise CONVERTING_TIMEOUT_MINUTES or use a faster BATCH_VM_SIZE.",
      };
}

function taskMissing({ task }: Submission): Failure {
  return {
    code: "PlatformFailure",
    message: `Task ${task.taskId} is no longer in job ${task.jobId}`,
    hint: "Somebody deleted the task or its job. Upload the video again.",
  };
}
