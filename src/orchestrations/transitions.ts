import type { Step } from "../durable.ts";
import type { CompletedTask, Submission, TaskRef } from "../model/batchTask.ts";
import { failureOf, isRetried } from "../model/failures.ts";
import { addSeconds } from "../model/time.ts";
import { blameNode } from "./blameNode.ts";
import type { Run } from "./run.ts";
import type { ConversionResult, FailedAttempt, Leftovers, Stage } from "./stage.ts";
import type { Watch } from "./watch.ts";
import { describeWait, nextRenewal, watchFromNowOn, watchInstead } from "./watch.ts";

export const SUPERSEDED: ConversionResult = { outcome: "superseded", record: null };

const FIRST_PAUSE_SECONDS = 5;
const PAUSE_GROWTH = 4;

export function beginAttempt(run: Run, attempt: number, abandoned: TaskRef | null): Stage {
  run.report(attempt, "preparing");
  return { name: "submitting", attempt, since: nowOf(run), abandoned };
}

/** `renewed` is what was seen of the task whose place it takes: the conversion has been waiting since then. */
export function watchFor(run: Run, attempt: number, submission: Submission, renewed?: Watch): Stage {
  return watchOn(
    run,
    attempt,
    renewed === undefined ? watchFromNowOn(submission, nowOf(run)) : watchInstead(renewed, submission),
  );
}

export function watchOn(run: Run, attempt: number, watch: Watch): Stage {
  reportWatch(run, attempt, watch, null);
  return { name: "watching", attempt, since: nowOf(run), watch };
}

/** Says in the status what is known of the task. */
export function reportWatch(run: Run, attempt: number, watch: Watch, percent: number | null): void {
  const { submission, convertingSince, waitingSince } = watch;
  const waitReason = describeWait(watch);
  if (convertingSince === null) run.report(attempt, "waiting", { waitReason, waitingSince, submission });
  else run.report(attempt, "converting", { percent, waitReason, submission });
}

/** The same attempt goes on, with a task with fresh access in the place of the one that waits. */
export function renewAccess(run: Run, attempt: number, watch: Watch): Stage {
  const { submission, waitingSince } = watch;
  const waitReason = describeWait(watch);
  run.report(attempt, "waiting", { waitReason, waitingSince, submission, renewal: nextRenewal(watch) });
  // The queue may have stood still for long, and to be refused now does not make it move.
  const since = watch.stillSince ?? nowOf(run);
  return { name: "submitting", attempt, since, abandoned: null, renewed: watch };
}

export function publishNow(run: Run, attempt: number, submission: Submission, completed: CompletedTask): Stage {
  run.report(attempt, "publishing", { submission });
  return { name: "publishing", attempt, since: nowOf(run), submission, completed, isRepeated: false };
}

/** Another attempt where it may help and there is one left, after a pause. */
export function* tryAgainOrFail(run: Run, attempt: number, failed: FailedAttempt): Step<Stage> {
  const { failure, submission, completed } = failed;
  yield* blameNode(run, failed);
  if (attempt >= run.lastAttempt || !isRetried(failure)) return failForGood(run, attempt, failed);
  run.report(attempt, "preparing", { waitReason: `trying again after: ${failure.message}`, submission });
  const pauseSeconds = FIRST_PAUSE_SECONDS * PAUSE_GROWTH ** (attempt - run.firstAttempt);
  yield* run.cancellation.sleepUntil(addSeconds(run.context.df.currentUtcDateTime, pauseSeconds));
  if (run.cancellation.isRequested()) return failForGood(run, attempt, cancelled(failed));
  return beginAttempt(run, attempt + 1, completed === null ? (submission?.task ?? null) : null);
}

export function failForGood(run: Run, attempt: number, failed: FailedAttempt): Stage {
  return { name: "recording", attempt, since: nowOf(run), failed, isRepeated: false };
}

export function cancelled(failed: FailedAttempt): FailedAttempt {
  return { ...failed, failure: failureOf("Cancelled") };
}

interface ToDo {
  readonly leftovers?: Leftovers | undefined;
  /** Whether somebody wants to know of the end. */
  readonly isToBeTold?: boolean | undefined;
}

/** The end, but for tasks that may still be running, and for telling those who want to know. */
export function settle(
  run: Run,
  attempt: number,
  result: ConversionResult,
  { leftovers, isToBeTold = false }: ToDo = {},
): Stage {
  const since = nowOf(run);
  if (leftovers === undefined || (leftovers.tasks.length === 0 && leftovers.suspectedAttempt === null)) {
    return { name: isToBeTold ? "telling" : "finished", attempt, since, result };
  }
  return { name: "ending", attempt, since, result, leftovers, isToBeTold };
}

/** ISO 8601. */
function nowOf({ context }: Run): string {
  return context.df.currentUtcDateTime.toISOString();
}
