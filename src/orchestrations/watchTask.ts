import { readTask } from "../activities/index.ts";
import type { TaskStatus } from "../activities/readTask.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { concludeWith } from "./publishResult.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { Stage, Watching } from "./stage.ts";
import {
  SUPERSEDED,
  failForGood,
  publishNow,
  renewAccess,
  reportWatch,
  settle,
  tryAgainOrFail,
} from "./transitions.ts";
import type { Seen } from "./watch.ts";
import { advance, isAccessTooShort, nextLook, saidToHaveEnded, whyGiveUp } from "./watch.ts";

/** Waits a while, and looks at the task: has it completed, is it lost, or has it missed one of its deadlines? */
export function* watchTask(run: Run, stage: Watching): Step<Stage> {
  const { context, cancellation, taskEnded } = run;
  const { attempt } = stage;
  const { submission } = stage.watch;
  const failed = (failure: Failure) => ({ failure, submission, completed: null, abandoned: null });

  if (!cancellation.isRequested()) {
    yield* cancellation.sleepUntil(nextLook(stage.watch, context.df.currentUtcDateTime), taskEnded);
  }
  const seen = cancellation.isRequested() ? undefined : yield* look(run, stage);
  const published = seen?.state === "completed" || seen?.state === "published" ? seen.published : undefined;
  const hasEnded = published?.status === "published" || published?.status === "superseded";
  if (seen === undefined || (cancellation.isRequested() && !hasEnded)) {
    return failForGood(run, attempt, failed(failureOf("Cancelled")));
  }
  switch (seen.state) {
    case "completed": {
      const { completed } = seen;
      if (published === undefined || published.status === "copying") {
        return publishNow(run, attempt, submission, completed);
      }
      return yield* concludeWith(run, { attempt, submission, completed }, published);
    }
    case "published":
      return yield* concludeWith(run, { attempt, submission, completed: null }, seen.published);
    case "lost":
      return yield* tryAgainOrFail(run, attempt, failed(failureOf("NodeLost", seen.reason)));
    case "inputDeleted":
      return failForGood(run, attempt, failed(failureOf("InputMissing")));
    case "superseded":
      return settle(run, attempt, SUPERSEDED, { leftovers: { tasks: [submission.task], suspectedAttempt: null } });
    case "converting":
    case "waiting":
    case "unknown":
  }

  const now = context.df.currentUtcDateTime;
  const seenNow = advance(stage.watch, seen, now);
  const watch = taskEnded.hasComeAgain() ? saidToHaveEnded(seenNow, now) : seenNow;
  const failure = seen.state === "unknown" ? undefined : whyGiveUp(watch, now);
  if (failure !== undefined) return yield* tryAgainOrFail(run, attempt, failed(failure));
  if (seen.state === "waiting" && isAccessTooShort(watch, now)) return renewAccess(run, attempt, watch);
  reportWatch(run, attempt, watch, seen.state === "converting" ? seen.percent : null);
  return { ...stage, watch };
}

/** When Batch does not answer, that says nothing of the task: it is a reason to look again later. */
function* look({ conversion }: Run, { attempt, watch }: Watching): Step<TaskStatus | Seen> {
  try {
    return yield* readTask({ ...conversion, attempt, submission: watch.submission }, briefRetry);
  } catch (error) {
    const { reason: text, retryAfterSeconds } = readActivityError(error);
    return { state: "unknown", reason: { code: "NoCapacity", text }, retryAfterSeconds };
  }
}
