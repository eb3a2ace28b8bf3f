import type { OrchestrationContext } from "durable-functions";
import { readTask } from "../activities/index.ts";
import type { TaskStatus } from "../activities/readTask.ts";
import type { CompletedTask, Submission, WaitReason } from "../model/batchTask.ts";
import type { Failure } from "../model/conversion.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, parseTime, secondsBetween } from "../model/time.ts";
import type { Cancellation } from "./cancellation.ts";
import { nextDelaySeconds } from "./polling.ts";
import { briefRetry } from "./retries.ts";
import { report } from "./status.ts";

/** What has been seen of a task so far; carried through continue-as-new, so all times are absolute. */
export interface Watch {
  readonly submission: Submission;
  /** Since when the task waits for a node: its submission, or the loss of its last node. */
  readonly waitingSince: string;
  /** Null while the task waits for a node. */
  readonly convertingSince: string | null;
  readonly waitReason: WaitReason | null;
}

export type WatchResult =
  | { readonly status: "completed"; readonly completed: CompletedTask }
  /** The history has grown enough: continue as new with this. */
  | { readonly status: "paused"; readonly watch: Watch }
  | { readonly status: "failed"; readonly failure: Failure };

/** Each poll adds some six events to the history, which is replayed at every turn. */
const MAX_POLLS_PER_GENERATION = 40;
/** Batch itself ends the task at its limit; that ours comes later gives it the time to upload the logs. */
const CONVERTING_GRACE_SECONDS = 300;

export function watchFromNowOn(submission: Submission): Watch {
  return { submission, waitingSince: submission.submittedAt, convertingSince: null, waitReason: null };
}

/** Looks at the task from time to time until it is completed or cancelled, or one of its deadlines has passed. */
export function* watchTask(
  context: OrchestrationContext,
  cancellation: Cancellation,
  attempt: number,
  start: Watch,
): Step<WatchResult> {
  let watch = start;
  for (let poll = 0; poll < MAX_POLLS_PER_GENERATION; poll++) {
    if (!cancellation.isRequested()) yield* cancellation.sleepUntil(nextLook(watch, context.df.currentUtcDateTime));
    const seen = cancellation.isRequested() ? undefined : yield* look(watch);
    if (seen === undefined || cancellation.isRequested()) return fail(failureOf("Cancelled"));
    if (seen.state === "completed") return { status: "completed", completed: seen.completed };
    if (seen.state === "lost") return fail(failureOf("NodeLost", seen.reason));

    const now = context.df.currentUtcDateTime;
    watch = advance(watch, seen, now);
    if (now >= deadlineOf(watch)) return fail(tooLate(watch));
    if (watch.convertingSince === null && isAccessTooShort(watch, now)) return fail(failureOf("AccessExpired"));
    const percent = seen.state === "converting" ? seen.percent : null;
    const phase = watch.convertingSince === null ? "waiting" : "converting";
    const { submission, waitReason } = watch;
    report(context, attempt, phase, { percent, waitReason: waitReason?.text ?? null, submission });
  }
  return { status: "paused", watch };
}

type Seen = TaskStatus | { readonly state: "unknown"; readonly reason: WaitReason };

/** A Batch service that does not answer is a reason to look again later; only the deadline ends the waiting. */
function* look(watch: Watch): Step<Seen> {
  try {
    return yield* readTask({ task: watch.submission.task }, briefRetry);
  } catch (error) {
    return { state: "unknown", reason: { code: "NoCapacity", text: readActivityError(error).reason } };
  }
}

function advance(watch: Watch, seen: Extract<Seen, { state: "converting" | "waiting" | "unknown" }>, now: Date): Watch {
  switch (seen.state) {
    case "converting":
      // A task whose node was lost between two looks runs anew, and its time counts from then.
      return {
        ...watch,
        convertingSince: seen.startedAt ?? watch.convertingSince ?? now.toISOString(),
        waitReason: null,
      };
    case "unknown":
      return { ...watch, waitReason: seen.reason };
    case "waiting": {
      if (watch.convertingSince === null) return { ...watch, waitReason: seen.reason };
      const lost: WaitReason = { code: "NoCapacity", text: "the task lost its node and starts again" };
      return { ...watch, waitingSince: now.toISOString(), convertingSince: null, waitReason: seen.reason ?? lost };
    }
  }
}

function nextLook(watch: Watch, now: Date): Date {
  const next = addSeconds(now, nextDelaySeconds(secondsBetween(phaseStart(watch), now)));
  const deadline = deadlineOf(watch);
  return next < deadline ? next : deadline;
}

function phaseStart({ convertingSince, waitingSince }: Watch): Date {
  return parseTime(convertingSince ?? waitingSince);
}

function deadlineOf(watch: Watch): Date {
  const { waitingSeconds, convertingSeconds } = watch.submission;
  const limit = watch.convertingSince === null ? waitingSeconds : convertingSeconds + CONVERTING_GRACE_SECONDS;
  return addSeconds(phaseStart(watch), limit);
}

/** A task that lost its node, perhaps more than once, may outlive its URLs; then it would fail only after its work. */
function isAccessTooShort({ submission }: Watch, now: Date): boolean {
  return addSeconds(now, submission.convertingSeconds) > parseTime(submission.accessUntil);
}

function tooLate({ submission, convertingSince, waitReason }: Watch): Failure {
  const because = waitReason === null ? "" : `: ${waitReason.text}`;
  if (convertingSince !== null) {
    const minutes = submission.convertingSeconds / 60;
    return failureOf("ConversionTimedOut", `The conversion took longer than ${minutes} minutes${because}`);
  }
  const minutes = submission.waitingSeconds / 60;
  const code = waitReason?.code ?? "NoCapacity";
  return failureOf(code, `No node of Azure Batch took the task within ${minutes} minutes${because}`);
}

function fail(failure: Failure): WatchResult {
  return { status: "failed", failure };
}
