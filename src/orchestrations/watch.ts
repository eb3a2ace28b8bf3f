import type { TaskStatus } from "../activities/readTask.ts";
import type { QueueReading, Submission, WaitReason } from "../model/batchTask.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, parseTime, secondsBetween } from "../model/time.ts";
import { nextLookAtEndSeconds, nextLookInQueueSeconds, nextLookSeconds } from "./polling.ts";

/** What has been seen of a task so far. It is carried through continue-as-new, so its times are absolute. */
export interface Watch {
  readonly submission: Submission;
  /** Since when the task has been waiting for a node: since it was added, or lost its last node. */
  readonly waitingSince: string;
  /** Null while the task waits for a node. */
  readonly convertingSince: string | null;
  /** Since when the queue has not been seen to move; null if it moved at the last look. Only that time is bounded. */
  readonly stillSince?: string | null;
  readonly waitReason: WaitReason | null;
  /** When it was last likely that the task ends unseen: it was just found, or said to have ended. */
  readonly lookedForSince?: string;
  /** When it was last said to have ended; left out while it was not. */
  readonly announcedAt?: string;
  /** Left out where Batch has not asked us to leave it alone until then. */
  readonly notBefore?: string;
  /** About how many tasks wait before this one; null where that is not known. */
  readonly before?: number | null;
  /** How many tasks of its job had succeeded at the last look. */
  readonly succeeded?: number | null;
  /** Whether nodes have been seen broken since the last one was at work. Those that follow them are no progress. */
  readonly sawBroken?: boolean;
}

/** What a look at a task that has not ended may show. `unknown`: Batch did not answer. */
export type Seen =
  | Extract<TaskStatus, { state: "converting" | "waiting" }>
  | { readonly state: "unknown"; readonly reason: WaitReason; readonly retryAfterSeconds?: number };

/** Batch itself ends the task at its time limit. Our deadline comes later, which leaves time to upload the logs. */
const CONVERTING_GRACE_SECONDS = 300;

/** A task that ends later than its access could not store its result. Looks come late, clocks differ, uploads take time. */
const ACCESS_MARGIN_SECONDS = 1800;

/** The task may have been added long ago. Whether the queue moves is known only from now on. */
export function watchFromNowOn(submission: Submission, now: string): Watch {
  return {
    submission,
    waitingSince: submission.submittedAt,
    convertingSince: null,
    stillSince: now,
    lookedForSince: now,
    waitReason: null,
    before: null,
    succeeded: null,
  };
}

/** Another task takes the place of the one that has been waiting, and goes on waiting for it. */
export function watchInstead(watch: Watch, submission: Submission): Watch {
  return { ...watch, submission, convertingSince: null, before: null };
}

export function nextRenewal({ submission }: Watch): number {
  return (submission.renewal ?? 0) + 1;
}

export function advance(watch: Watch, seen: Seen, now: Date): Watch {
  switch (seen.state) {
    case "converting": {
      // A task that lost its node between two looks has started again, and its time counts from then.
      const convertingSince = seen.startedAt ?? watch.convertingSince ?? now.toISOString();
      return { ...watch, convertingSince, waitReason: null, before: null, sawBroken: false };
    }
    case "unknown": {
      const { reason: waitReason, retryAfterSeconds = 0 } = seen;
      if (retryAfterSeconds === 0) return { ...watch, waitReason };
      return { ...watch, waitReason, notBefore: addSeconds(now, retryAfterSeconds).toISOString() };
    }
    case "waiting": {
      // What an earlier version of the app has seen tells neither the place nor whether the queue moves.
      const reading: Partial<QueueReading> & Pick<QueueReading, "reason"> = seen;
      const { reason, isMoving = false, isGrowing = false, before = null, succeeded = null } = reading;
      const isAtWork = isMoving || (succeeded ?? 0) > (watch.succeeded ?? Infinity);
      const sawBroken = !isAtWork && (watch.sawBroken === true || isBroken(reason));
      const hasMoved = isAtWork || (isGrowing && !sawBroken);
      const at = now.toISOString();
      const common = { ...watch, before, succeeded, sawBroken };
      if (watch.convertingSince === null) {
        return { ...common, stillSince: hasMoved ? null : (stillSinceOf(watch) ?? at), waitReason: reason };
      }
      const lost: WaitReason = { code: "NoCapacity", text: "the task lost its node and starts again" };
      const stillSince = hasMoved ? null : at;
      return { ...common, waitingSince: at, convertingSince: null, stillSince, waitReason: reason ?? lost };
    }
  }
}

function isBroken(reason: WaitReason | null): boolean {
  return reason?.code === "StartTaskFailed" || reason?.code === "NodeUnusable";
}

/** Looks become frequent again. The report comes before the end of its task: its other files may still be on their way. */
export function saidToHaveEnded(watch: Watch, now: Date): Watch {
  const at = now.toISOString();
  return { ...watch, lookedForSince: at, announcedAt: at };
}

/** The place in the queue, and what stands in its way; null where there is nothing to tell. */
export function describeWait({ convertingSince, waitReason, before }: Watch): string | null {
  const place = convertingSince === null && typeof before === "number" ? placeOf(before) : undefined;
  return [waitReason?.text, place].filter((part) => part !== undefined).join("; ") || null;
}

function placeOf(before: number): string {
  return before === 0 ? "it is next" : `about ${before} before it`;
}

/** When to look again: not past a deadline that is still ahead. It may be behind us when Batch did not answer then. */
export function nextLook(watch: Watch, now: Date): Date {
  const next = nextLookByPace(watch, now);
  const deadline = deadlineOf(watch);
  return deadline !== undefined && now < deadline && deadline < next ? deadline : next;
}

/** The pauses grow from the last news of the task. */
function nextLookByPace(watch: Watch, now: Date): Date {
  const began = phaseStart(watch);
  const lookedForSince = parseTime(watch.lookedForSince ?? began.toISOString());
  const lastNews = began < lookedForSince ? lookedForSince : began;
  const next = addSeconds(now, paceOf(watch, lastNews)(secondsBetween(lastNews, now)));
  const notBefore = parseTime(watch.notBefore ?? next.toISOString());
  return next < notBefore ? notBefore : next;
}

/** Others before it keep a task from beginning. Where it is next, or its place is not known, it may run any moment. */
function paceOf({ announcedAt, convertingSince, before }: Watch, lastNews: Date): (elapsedSeconds: number) => number {
  if (announcedAt === lastNews.toISOString()) return nextLookAtEndSeconds;
  return convertingSince === null && (before ?? 0) > 0 ? nextLookInQueueSeconds : nextLookSeconds;
}

/**
 * Why to stop watching a task that has just been seen not to have ended; undefined while there is time left. To be asked
 * only after a look that succeeded: while Batch does not answer, the task may long have done its work.
 */
export function whyGiveUp(watch: Watch, now: Date): Failure | undefined {
  const deadline = deadlineOf(watch);
  return deadline !== undefined && now >= deadline ? tooLate(watch) : undefined;
}

/** Whether a task that begins now might still be at work when its access ends. */
export function isAccessTooShort({ submission }: Watch, now: Date): boolean {
  const { accessUntil, convertingSeconds } = submission;
  return accessUntil !== null && addSeconds(now, convertingSeconds + ACCESS_MARGIN_SECONDS) > parseTime(accessUntil);
}

function phaseStart({ convertingSince, waitingSince }: Watch): Date {
  return parseTime(convertingSince ?? waitingSince);
}

/** Undefined where there is none: while the queue moves, a task may wait as long as it takes. */
function deadlineOf(watch: Watch): Date | undefined {
  const { waitingSeconds, convertingSeconds } = watch.submission;
  if (watch.convertingSince !== null) {
    return addSeconds(parseTime(watch.convertingSince), convertingSeconds + CONVERTING_GRACE_SECONDS);
  }
  const since = stillSinceOf(watch);
  return since === null || waitingSeconds === null ? undefined : addSeconds(parseTime(since), waitingSeconds);
}

/** An earlier version of the app has not noted it, and has counted all the time of waiting. */
function stillSinceOf({ stillSince, waitingSince }: Watch): string | null {
  return stillSince === undefined ? waitingSince : stillSince;
}

function durationOf(seconds: number): string {
  const hours = seconds / 3600;
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return hours >= 2 ? `${Math.round(hours)} hours` : `${Math.round(seconds / 60)} minutes`;
}

function tooLate({ submission, convertingSince, waitReason }: Watch): Failure {
  const because = waitReason === null ? "" : `: ${waitReason.text}`;
  if (convertingSince !== null) {
    const minutes = submission.convertingSeconds / 60;
    return failureOf("ConversionTimedOut", `The conversion took longer than ${minutes} minutes${because}`);
  }
  const stood = `The queue stood still for ${durationOf(submission.waitingSeconds ?? 0)}`;
  return failureOf(waitReason?.code ?? "NoCapacity", `${stood}, so no Azure Batch node took the task${because}`);
}
