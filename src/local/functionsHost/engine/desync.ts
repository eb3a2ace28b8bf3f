import { ActionType } from "./actions.ts";
import type { Action } from "./actions.ts";
import type { Decision, DecisionKind } from "./decisions.ts";
import type { ReplayResult } from "./replay.ts";

/** A task that the SDK waits for, by the number it has given it. */
export interface SdkTask {
  readonly id: number;
  /** Undefined for a further attempt of a retried call, or the timer before it. */
  readonly actionType: number | undefined;
  readonly name: string | undefined;
}

export interface Desync {
  readonly id: number;
  readonly sdk: string;
  readonly engine: string;
}

/**
 * The SDK numbers its tasks by itself and must come to the numbers of the extension. Where it does not, the instance
 * waits for an answer that never comes, or takes an answer that was meant for something else.
 */
export function findDesync(sdkTasks: readonly SdkTask[], replay: ReplayResult): Desync | undefined {
  const coming = replay.waitingActions.flatMap(comingSteps);
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

/** The SDK numbers a polling request together with the timer before it, the extension only after that timer. */
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

/** The numbers that actions will take which the engine has not come to yet. */
function comingSteps(action: Action): readonly (Step | undefined)[] {
  switch (action.actionType) {
    case ActionType.WhenAny:
    case ActionType.WhenAll:
      return action.compoundActions.flatMap(comingSteps);
    case ActionType.WaitForExternalEvent:
    case ActionType.ContinueAsNew:
      return [];
    case ActionType.CallEntity:
    case ActionType.SignalEntity:
      return [{ kind: "message", name: undefined }];
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
