import { submitTask } from "../activities/index.ts";
import type { SubmitTaskInput } from "../activities/submitTask.ts";
import type { Step } from "../durable.ts";
import { readActivityError } from "../model/activityError.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { isOutOfPatience, waitOut } from "./patience.ts";
import { briefRetry } from "./retries.ts";
import type { Run } from "./run.ts";
import type { FailedAttempt, Leftovers, Stage, Submitting } from "./stage.ts";
import { SUPERSEDED, failForGood, settle, watchFor, watchOn } from "./transitions.ts";
import type { Watch } from "./watch.ts";
import { nextRenewal } from "./watch.ts";

/**
 * Makes sure that everything a task needs is there, and adds the task. What a service refuses is waited for: it is no
 * failure until it has been refused for as long as a queue may stand still.
 */
export function* submit(run: Run, stage: Submitting): Step<Stage> {
  const { attempt, abandoned, renewed, renewal } = stage;
  const giveUp = (failure: Failure): Stage =>
    failForGood(run, attempt, { failure, completed: null, abandoned, ...knownOf(stage) });
  try {
    const input = {
      ...run.conversion,
      attempt,
      abandoned,
      ...replacedBy(renewed),
      ...(renewal !== undefined && { renewal }),
      ...factsFor(run, stage),
    };
    const submitted = yield* submitTask(input, briefRetry);
    switch (submitted.status) {
      case "submitted":
        return watchFor(run, attempt, submitted.submission, renewed);
      case "notWaiting":
        return renewed === undefined ? stage : watchOn(run, attempt, renewed);
      case "superseded":
        return settle(run, attempt, SUPERSEDED, { leftovers: leftBy(renewed) });
      case "refused":
        return giveUp(submitted.failure);
      case "deleted":
        return giveUp(failureOf("InputMissing"));
    }
  } catch (error) {
    const { code, reason, retryAfterSeconds } = readActivityError(error);
    const limitSeconds = renewed === undefined ? run.patienceSeconds : renewed.submission.waitingSeconds;
    if (isOutOfPatience(run, stage, limitSeconds)) return giveUp(failureOf(code, reason));
    const since = { ...stage, waitingSince: renewed?.waitingSince };
    yield* waitOut(run, since, "waiting", reason, renewed?.submission ?? null, retryAfterSeconds);
  }
  return run.cancellation.isRequested() ? giveUp(failureOf("Cancelled")) : { ...stage, isRepeated: true };
}

/** Nothing that is remembered is trusted by another attempt, or later. */
function factsFor(run: Run, { attempt, renewed, isRepeated = false }: Submitting): Pick<SubmitTaskInput, "facts"> {
  const isFirst = attempt === run.firstAttempt && renewed === undefined && !isRepeated;
  return isFirst && run.facts !== undefined ? { facts: run.facts } : {};
}

function replacedBy(renewed: Watch | undefined): Pick<SubmitTaskInput, "replaced"> {
  if (renewed === undefined) return {};
  const { task, renewal = 0 } = renewed.submission;
  return { replaced: { task, renewal } };
}

/** What a failure leaves: the task that was to be replaced, and perhaps the one that was to take its place. */
function knownOf({ renewed, renewal }: Submitting): Pick<FailedAttempt, "submission" | "suspectedRenewal"> {
  if (renewed === undefined) return { submission: null, ...(renewal !== undefined && { suspectedRenewal: renewal }) };
  return { submission: renewed.submission, suspectedRenewal: nextRenewal(renewed) };
}

function leftBy(renewed: Watch | undefined): Leftovers | undefined {
  return renewed && { tasks: [renewed.submission.task], suspectedAttempt: null };
}
