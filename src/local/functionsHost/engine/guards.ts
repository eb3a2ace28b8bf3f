import type { Action } from "./actions.ts";
import type { Desync } from "./desync.ts";
import { findHazards } from "./hazards.ts";
import type { HazardCode } from "./hazards.ts";
import type { Instance } from "./instance.ts";
import type { Mismatch } from "./mismatch.ts";
import type { ReplayResult } from "./replay.ts";

type GuardCode =
  | "NonDeterministic"
  | "Desync"
  | "UnknownFunction"
  | "TooManyActions"
  | "EventNameCase"
  | "NotJson"
  | "LongHistory"
  | "UncancelledTimer"
  | HazardCode;

/** Something the real host lets pass, or lets hang. If fatal it fails the instance, otherwise it is a warning. */
export interface Finding {
  readonly code: GuardCode;
  readonly isFatal: boolean;
  /** What is wrong and what to change. */
  readonly message: string;
}

export interface GuardLimits {
  /** Events in one generation of an instance, after which every turn is slow on Azure. */
  readonly maxHistoryEvents: number;
  /** Makes every finding fatal. */
  readonly isStrict: boolean;
}

export function checkReplay(
  instance: Instance,
  replay: ReplayResult,
  desync: Desync | undefined,
  actionCount: number,
  maxActions: number,
): readonly Finding[] {
  const findings: Finding[] = [];
  const fail = (code: GuardCode, message: string): void => {
    findings.push({ code, isFatal: true, message: `${where(instance)} ${message}` });
  };
  if (replay.mismatch !== undefined) fail("NonDeterministic", describeMismatch(replay.mismatch));
  for (const { kind, name } of replay.unknownNames) {
    const what = kind === "activity" ? "activity" : "sub-orchestration";
    const register = kind === "activity" ? "df.app.activity" : "df.app.orchestration";
    fail(
      "UnknownFunction",
      `calls the ${what} "${name}", which the app does not register: on Azure it would wait for ever. ` +
        `Correct the name, or register it with ${register}.`,
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
    );
  }
  if (desync !== undefined && findings.length === 0) {
    fail(
      "Desync",
      `waits for ${desync.sdk} as its step ${desync.id}, which to the Durable extension is ${desync.engine}: on Azure ` +
        `it would hang or take the wrong answer. Do not race a retried call against other tasks, do not put it into ` +
        `Task.all with tasks whose failure is handled, and do not set retryTimeoutInMilliseconds. Move the retried ` +
        `call into a sub-orchestration, or limit it by maxNumberOfAttempts alone.`,
    );
  }
  return findings;
}

export function checkTurn(
  instance: Instance,
  replay: ReplayResult,
  turn: { readonly isDone: boolean; readonly historyLength: number; readonly actions: readonly Action[] },
  limits: GuardLimits,
): readonly Finding[] {
  const findings: Finding[] = [];
  const warn = (code: GuardCode, message: string): void => {
    findings.push({ code, isFatal: limits.isStrict, message: `${where(instance)} ${message}` });
  };
  for (const { code, message } of findHazards(instance, turn.actions)) warn(code, message);
  const before = instance.history.length;
  if (before <= limits.maxHistoryEvents && turn.historyLength > limits.maxHistoryEvents) {
    warn(
      "LongHistory",
      `has a history of more than ${limits.maxHistoryEvents} events, all of which are read and replayed at every ` +
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
