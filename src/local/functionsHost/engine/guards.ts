import type { Action } from "./actions.ts";
import type { Desync } from "./desync.ts";
import { findHazards, HAZARD_CODES } from "./hazards.ts";
import type { HistoryEvent } from "./history.ts";
import type { Instance } from "./instance.ts";
import { findOrphanedLocks } from "./locks.ts";
import type { Mismatch } from "./mismatch.ts";
import type { ReplayResult } from "./replay.ts";

export const GUARD_CODES = [
  "NonDeterministic",
  "Desync",
  "UnknownFunction",
  "TooManyActions",
  "EventNameCase",
  "NotJson",
  "LongHistory",
  "UncancelledTimer",
  "OrphanedLock",
  ...HAZARD_CODES,
] as const;
type GuardCode = (typeof GUARD_CODES)[number];

/** What is to happen where a guard objects; each guard has its own default. */
export type GuardLevels = Readonly<Partial<Record<GuardCode, "off" | "warn" | "fail">>>;

/** Something the real host lets pass, or lets hang. If fatal it fails the instance, otherwise it is a warning. */
export interface Finding {
  readonly code: GuardCode;
  readonly isFatal: boolean;
  /** The real host objects as well, so nobody can switch it off. */
  readonly isReal?: boolean;
  /** What is wrong and what to change. */
  readonly message: string;
}

export interface GuardLimits {
  /** Events in one generation of an instance, after which every turn is slow on Azure. */
  readonly maxHistoryEvents: number;
  /** Makes every finding fatal. */
  readonly isStrict: boolean;
  readonly levels?: GuardLevels;
}

/** The findings as they are to be treated, without those that nobody wants to know of. */
export function judge(
  findings: readonly Finding[],
  { isStrict, levels = {} }: Pick<GuardLimits, "isStrict" | "levels">,
): readonly Finding[] {
  return findings.flatMap((finding) => {
    const level = finding.isReal === true ? "fail" : levels[finding.code];
    if (level === "off") return [];
    return { ...finding, isFatal: level === undefined ? finding.isFatal || isStrict : level === "fail" };
  });
}

const CALLS = {
  activity: { does: "calls the activity", register: "df.app.activity" },
  subOrchestration: { does: "calls the sub-orchestration", register: "df.app.orchestration" },
  entity: { does: "locks the entity", register: "df.app.entity" },
};

export function checkReplay(
  instance: Instance,
  replay: ReplayResult,
  desync: Desync | undefined,
  actionCount: number,
  maxActions: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const fail = (code: GuardCode, message: string, isReal = false): void => {
    findings.push({ code, isFatal: true, isReal, message: `${where(instance)} ${message}` });
  };
  const { mismatch } = replay;
  if (mismatch !== undefined) fail("NonDeterministic", describeMismatch(mismatch), !mismatch.isArgumentOnly);
  for (const { kind, name } of replay.unknownNames) {
    const { does, register } = CALLS[kind];
    fail(
      "UnknownFunction",
      `${does} "${name}", which the app does not register: on Azure it would wait for ever. ` +
        `Correct the name, or register it with ${register}; if the log of the start says that it was left out, this ` +
        `host lacks a binding of it.`,
    );
  }
  for (const { raised, awaited } of replay.eventsOfOtherCase) {
    fail(
      "EventNameCase",
      `waits for the event "${awaited}" and got "${raised}": to the SDK these differ, so it goes on waiting. ` +
        `Spell the name the same way in waitForExternalEvent and raiseEvent.`,
    );
  }
  if (actionCount > maxActions) {
    fail(
      "TooManyActions",
      `has taken ${actionCount} actions and may take ${maxActions} (maxOrchestrationActions in host.json). ` +
        `Use continueAsNew, or sub-orchestrations for parts of the work.`,
      true,
    );
  }
  if (desync !== undefined && findings.length === 0) {
    fail(
      "Desync",
      `waits for ${desync.sdk} as its step ${desync.id}, which to the Durable extension is ${desync.engine}: on Azure ` +
        `it would hang or take the wrong answer. Do not race a retried call against other tasks, do not put it into ` +
        `Task.all with tasks whose failure is handled, and do not set retryTimeoutInMilliseconds. Move the retried ` +
        `call into a sub-orchestration, or limit it by maxNumberOfAttempts alone. Do not release locks while a call ` +
        `to a locked entity is unanswered.`,
    );
  }
  return findings;
}

export function checkTurn(
  instance: Instance,
  replay: ReplayResult,
  turn: { readonly isDone: boolean; readonly historyLength: number; readonly actions: readonly Action[] },
  { maxHistoryEvents }: Pick<GuardLimits, "maxHistoryEvents">,
): readonly Finding[] {
  const findings: Finding[] = [];
  const warn = (code: GuardCode, message: string): void => {
    findings.push({ code, isFatal: false, message: `${where(instance)} ${message}` });
  };
  for (const { code, message } of findHazards(instance, turn.actions)) warn(code, message);
  const before = instance.history.length;
  if (before <= maxHistoryEvents && turn.historyLength > maxHistoryEvents) {
    warn(
      "LongHistory",
      `has a history of more than ${maxHistoryEvents} events, all of which are read and replayed at every ` +
        `step. Call continueAsNew after a fixed number of rounds, or move parts into sub-orchestrations.`,
    );
  }
  const open = [...replay.open.values()];
  if (turn.isDone && open.length > 0 && open.every(({ kind }) => kind === "timer")) {
    const last = Math.max(...open.map((decision) => (decision.kind === "timer" ? decision.fireAt : 0)));
    warn(
      "UncancelledTimer",
      `has returned but stays Running until ${new Date(last).toISOString()}, because a timer that lost was not ` +
        `cancelled. Call timer.cancel() once Task.any is decided.`,
    );
  }
  return findings;
}

/** The history is that of the whole generation, its last turn included; `ending` says how it ends. */
export function checkLocks(instance: Instance, history: readonly HistoryEvent[], ending: string): readonly Finding[] {
  const entities = findOrphanedLocks(history);
  if (entities.length === 0) return [];
  const message =
    `${where(instance)} ${ending} while it held or awaited the lock of ${entities.join(", ")}: as on Azure, nobody ` +
    `releases it any more, and whatever is sent there waits for ever. Release locks with try and finally, do not give ` +
    `up waiting for them or for calls to locked entities, and end such an instance by an event rather than by ` +
    `terminating it.`;
  return [{ code: "OrphanedLock", isFatal: false, message }];
}

function describeMismatch({ step, recorded, replayed, isArgumentOnly }: Mismatch): string {
  const consequence = isArgumentOnly
    ? "The real host does not notice, and carries on with inconsistent values."
    : "The real host fails such an instance.";
  return (
    `is not deterministic: its step ${step} was ${recorded}, and is ${replayed} when replayed. ${consequence} ` +
    `Take time from context.df.currentUtcDateTime, ids from context.df.newGuid, and everything else that can ` +
    `change from an activity; after a change of the code, start new instances.`
  );
}

function where(instance: Instance): string {
  return `Orchestrator '${instance.name}' (instance ${instance.id})`;
}
