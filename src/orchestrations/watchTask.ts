import type { OrchestrationContext } from "durable-functions";
import { readTask } from "../activities/index.ts";
import type { TaskStatus } from "../activities/readTask.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { CompletedTask } from "../model/batchTask.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import type { Cancellation } from "./cancellation.ts";
import { briefRetry } from "./retries.ts";
import { report } from "./status.ts";
import type { Seen, Watch } from "./watch.ts";
import { advance, nextLook, whyGiveUp } from "./watch.ts";

type WatchResult =
  | { readonly status: "completed"; readonly completed: CompletedTask }
  /** The history has grown enough: continue as new with this. */
  | { readonly status: "paused"; readonly watch: Watch }
  | { readonly status: "failed"; readonly failure: Failure };

/** Each poll adds some six events to the history, which is replayed at every turn. */
const MAX_POLLS_PER_GENERATION = 40;

/** Looks at the task from time to time until it has completed, is cancelled, or misses one of its deadlines. */
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
    const failure = whyGiveUp(watch, now);
    if (failure !== undefined) return fail(failure);
    const percent = seen.state === "converting" ? seen.percent : null;
    const phase = watch.convertingSince === null ? "waiting" : "converting";
    const { submission, waitReason } = watch;
    report(context, attempt, phase, { percent, waitReason: waitReason?.text ?? null, submission });
  }
  return { status: "paused", watch };
}

/** When Batch does not answer, that is a reason to look again later; only the deadline ends the waiting. */
function* look(watch: Watch): Step<TaskStatus | Seen> {
  try {
    return yield* readTask({ task: watch.submission.task }, briefRetry);
  } catch (error) {
    return { state: "unknown", reason: { code: "NoCapacity", text: readActivityError(error).reason } };
  }
}

function fail(failure: Failure): WatchResult {
  return { status: "failed", failure };
}
