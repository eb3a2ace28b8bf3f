import type { TaskStatus } from "../activities/readTask.ts";
import type { Submission, WaitReason } from "../model/batchTask.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, parseTime, secondsBetween } from "../model/time.ts";
import { nextLookSeconds } from "./polling.ts";

/** What has been seen of a task so far. It is carried through continue-as-new, so its times are absolute. */
export interface Watch {
  readonly submission: Submission;
  /** Since when the task has been waiting for a node: since it was added, or lost its last node. */
  readonly waitingSince: string;
  /** Null while the task waits for a node. */
  readonly convertingSince: string | null;
  readonly waitReason: WaitReason | null;
  /** When it was last said that the task has ended; left out while nothing has been said. */
  readonly saidToHaveEndedAt?: string;
  /** Left out where Batch has not asked us to leave it alone until then. */
  readonly notBefore?: string;
}

/** What a look at a task that has not ended may show. `unknown`: Batch did not answer. */
export type Seen =
  | Extract<TaskStatus, { state: "converting" | "waiting" }>
  | { readonly state: "unknown"; readonly reason: WaitReason; readonly retryAfterSeconds?: number };

/** Batch itself ends the task at its time limit. Our deadline comes later, which leaves time to upload the logs. */
const CONVERTING_GRACE_SECONDS = 300;

export function watchFromNowOn(submission: Submission): Watch {
  return { submission, waitingSince: submission.submittedAt, convertingSince: null, waitReason: null };
}

export function advance(watch: Watch, seen: Seen, now: Date): Watch {
  switch (seen.state) {
    case "converting": {
      // A task that lost its node between two looks has started again, and its time counts from then.
      const convertingSince = seen.startedAt ?? watch.convertingSince ?? now.toISOString();
      return { ...watch, convertingSince, waitReason: null };
    }
    case "unknown": {
      const { reason: waitReason, retryAfterSeconds = 0 } = seen;
      if (retryAfterSeconds === 0) return { ...watch, waitReason };
      return { ...watch, waitReason, notBefore: addSeconds(now, retryAfterSeconds).toISOString() };
    }
    case "waiting": {
      if (watch.convertingSince === null) return { ...watch, waitReason: seen.reason };
      const lost: WaitReason = { code: "NoCapacity", text: "the task lost its node and starts again" };
      return { ...watch, waitingSince: now.toISOString(), convertingSince: null, waitReason: seen.reason ?? lost };
    }
  }
}

/** Looks become frequent again. The report comes before the end of its task: its other files may still be on their way. */
export function saidToHaveEnded(watch: Watch, now: Date): Watch {
  return { ...watch, saidToHaveEndedAt: now.toISOString() };
}

/** When to look again: not past a deadline that is still ahead. It may be behind us when Batch did not answer then. */
export function nextLook(watch: Watch, now: Date): Date {
  const next = nextLookByPace(watch, now);
  const deadline = deadlineOf(watch);
  return now < deadline && deadline < next ? deadline : next;
}

/** The pauses grow from the last news of the task. */
function nextLookByPace(watch: Watch, now: Date): Date {
  const began = phaseStart(watch);
  const saidToHaveEndedAt = parseTime(watch.saidToHaveEndedAt ?? began.toISOString());
  const lastNews = began < saidToHaveEndedAt ? saidToHaveEndedAt : began;
  const next = addSeconds(now, nextLookSeconds(secondsBetween(lastNews, now)));
  const notBefore = parseTime(watch.notBefore ?? next.toISOString());
  return next < notBefore ? notBefore : next;
}

/**
 * Why to stop watching a task that has just been seen not to have ended; undefined while there is time left. To be asked
 * only after a look that succeeded: while Batch does not answer, the task may long have done its work.
 */
export function whyGiveUp(watch: Watch, now: Date): Failure | undefined {
  if (now >= deadlineOf(watch)) return tooLate(watch);
  if (watch.convertingSince === null && isAccessTooShort(watch, now)) return failureOf("AccessExpired");
  return undefined;
}

function phaseStart({ convertingSince, waitingSince }: Watch): Date {
  return parseTime(convertingSince ?? waitingSince);
}

function deadlineOf(watch: Watch): Date {
  const { waitingSeconds, convertingSeconds } = watch.submission;
  const limit = watch.convertingSince === null ? waitingSeconds : convertingSeconds + CONVERTING_GRACE_SECONDS;
  return addSeconds(phaseStart(watch), limit);
}

/** A task that keeps losing its node may outlive its URLs. It would then fail only after all its work. */
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
  return failureOf(code, `No Azure Batch node took the task within ${minutes} minutes${because}`);
}
