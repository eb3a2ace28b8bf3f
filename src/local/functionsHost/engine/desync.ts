import { ActionType } from "./actions.ts";
import type { Action } from "./actions.ts";
import type { Decision, DecisionKind } from "./decisions.ts";
import type { ReplayResult } from "./replay.ts";

/** A task the SDK is waiting for, under the number it gave it. */
export interface SdkTask {
  readonly id: number;
  /** Undefined for a retry and for the timer before one. */
  readonly actionType: number | undefined;
  readonly name: string | undefined;
}

export interface Desync {
  readonly id: number;
  readonly sdk: string;
  readonly engine: string;
}

/**
 * The SDK numbers its tasks on its own and must arrive at the same numbers as the extension. If it does not, the
 * instance waits for an answer that never comes, or takes one that was meant for something else.
 */
export function findDesync(sdkTasks: readonly SdkTask[], replay: ReplayResult): Desync | undefined {
  const locks = { count: replay.lockCount };
  const coming = replay.waitingActions.flatMap((action) => comingSteps(action, locks));
  for (const task of sdkTasks) {
    const open = replay.open.get(task.id);
    const later = coming[task.id - replay.nextId];
    const actual = open === undefined ? later : stepOf(open);
    if (open === undefined && (replay.cancelledTimers.has(task.id) || isNextPoll(task, replay))) continue;
    if (actual === undefined || !agrees(task, actual)) {
      return { id: task.id, sdk: describe(task), engine: actual === undefined ? "nothing" : text(actual) };
    }
  }
  return undefined;
}

/**
 * The SDK numbers a polling request together with the timer before it, the extension only once that timer has fired.
 */
function isNextPoll(task: SdkTask, replay: ReplayResult): boolean {
  return task.actionType === ActionType.CallHttp && replay.open.get(task.id - 1)?.kind === "timer";
}

interface Step {
  readonly kind: DecisionKind;
  readonly name: string | undefined;
}

const KIND_OF_ACTION: Readonly<Record<number, DecisionKind>> = {
  [ActionType.CallActivity]: "activity",
  [ActionType.CallActivityWithRetry]: "activity",
  [ActionType.CallHttp]: "activity",
  [ActionType.CallSubOrchestrator]: "subOrchestration",
  [ActionType.CallSubOrchestratorWithRetry]: "subOrchestration",
  [ActionType.CreateTimer]: "timer",
};

function agrees(task: SdkTask, step: Step): boolean {
  if (task.actionType === undefined) return step.kind !== "message";
  if (KIND_OF_ACTION[task.actionType] !== step.kind) return false;
  return task.name === undefined || step.name === undefined || task.name.toLowerCase() === step.name.toLowerCase();
}

/** The steps of an action that the engine has not come to yet, in the order of their numbers. */
function comingSteps(action: Action, locks: { count: number }): readonly (Step | undefined)[] {
  switch (action.actionType) {
    case ActionType.WhenAny:
    case ActionType.WhenAll:
      return action.compoundActions.flatMap((child) => comingSteps(child, locks));
    case ActionType.WaitForExternalEvent:
    case ActionType.ContinueAsNew:
      return [];
    case ActionType.CallEntity:
    case ActionType.SignalEntity:
      return [{ kind: "message", name: undefined }];
    case ActionType.LockEntities:
      locks.count = action.lockSet.length;
      return [{ kind: "message", name: undefined }];
    case ActionType.ReleaseEntities:
      return Array.from({ length: locks.count }, () => ({ kind: "message", name: undefined }));
    case ActionType.CreateTimer:
      return [{ kind: "timer", name: undefined }];
    case ActionType.CallHttp:
      return [{ kind: "activity", name: undefined }];
    case ActionType.CallActivity:
    case ActionType.CallActivityWithRetry:
      return [{ kind: "activity", name: action.functionName }];
    case ActionType.CallSubOrchestrator:
    case ActionType.CallSubOrchestratorWithRetry:
      return [{ kind: "subOrchestration", name: action.functionName }];
  }
}

function stepOf(decision: Decision): Step {
  const hasName = decision.kind === "activity" || decision.kind === "subOrchestration";
  const name = hasName && !decision.name.startsWith("BuiltIn::") ? decision.name : undefined;
  return { kind: decision.kind, name };
}

function describe(task: SdkTask): string {
  if (task.actionType === undefined) return "a retry";
  return text({ kind: KIND_OF_ACTION[task.actionType] ?? "message", name: task.name });
}

function text({ kind, name }: Step): string {
  const label = kind === "subOrchestration" ? "a sub-orchestration" : kind === "activity" ? "an activity" : `a ${kind}`;
  return name === undefined ? label : `${label} "${name}"`;
}
