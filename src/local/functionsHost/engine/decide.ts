import { ActionType } from "./actions.ts";
import type { OrchestratorState } from "./actions.ts";
import { findDesync } from "./desync.ts";
import type { SdkTask } from "./desync.ts";
import { eventOf, messagesOf } from "./effects.ts";
import { EventType } from "./history.ts";
import type { EventBody, FailureDetails, HistoryEvent } from "./history.ts";
import { isFinished } from "./instance.ts";
import type { Delivery, Instance, Message, RuntimeStatus, Turn } from "./instance.ts";
import { checkLocks, checkReplay, checkTurn, judge } from "./guards.ts";
import type { Finding, GuardLimits } from "./guards.ts";
import type { PreparedTurn } from "./prepare.ts";
import { replayActions } from "./replay.ts";
import type { ReplayResult } from "./replay.ts";
import type { ReplaySettings } from "./replaySettings.ts";

/** What came of running an orchestrator function for a turn. */
export type OrchestratorAnswer =
  | {
      readonly kind: "state";
      readonly state: OrchestratorState;
      /** Set if it threw. */
      readonly error?: string;
      /** What the SDK itself waits for; undefined if it does not show. */
      readonly openTasks?: readonly SdkTask[];
      /** What a guard around the run objects to. */
      readonly findings?: readonly Finding[];
    }
  /** It could not run at all. */
  | { readonly kind: "crash"; readonly message: string }
  /** It ran once but not the other time. */
  | { readonly kind: "guard"; readonly finding: Finding };

export interface EngineSettings extends Omit<ReplaySettings, "instanceId" | "executionId" | "isDone"> {
  readonly maxActions: number;
  readonly limits: GuardLimits;
  readonly newExecutionId: () => string;
}

interface DecidedTurn {
  readonly turn: Turn;
  readonly findings: readonly Finding[];
}

/**
 * The whole outcome of a turn, from the instance as it was, what came in, and what the orchestrator function returned.
 */
export function decideTurn(
  instance: Instance,
  prepared: PreparedTurn,
  answer: OrchestratorAnswer | undefined,
  settings: EngineSettings,
): DecidedTurn {
  const { turn, findings } = decide(instance, prepared, answer, settings);
  if (!isFinished(turn) || findings.some(({ code }) => code === "OrphanedLock")) return { turn, findings };
  const ended = checkLocks(instance, [...instance.history, ...turn.events], "has ended");
  return { turn, findings: [...findings, ...judge(ended, settings.limits)] };
}

function decide(
  instance: Instance,
  prepared: PreparedTurn,
  answer: OrchestratorAnswer | undefined,
  settings: EngineSettings,
): DecidedTurn {
  if (prepared.kind === "nothing") {
    return { turn: { ...header(instance, prepared), events: [], status: instance.status }, findings: [] };
  }
  if (prepared.kind === "suspend") return { turn: pause(instance, prepared), findings: [] };
  if (prepared.kind === "terminate") {
    return { turn: finish(instance, prepared, { status: "Terminated", output: prepared.reason }), findings: [] };
  }
  if (prepared.kind === "guard") return failed(instance, prepared, { message: prepared.reason, findings: [] });
  if (answer === undefined) throw new Error(`No answer for a turn of ${instance.id}`);
  if (answer.kind === "guard") {
    return failed(instance, prepared, { message: answer.finding.message, findings: [answer.finding] });
  }
  if (answer.kind === "crash") {
    const message = `Orchestrator function '${instance.name}' failed: ${answer.message}`;
    return failed(instance, prepared, { message, findings: [] });
  }
  return decideReplayed(instance, prepared, answer, settings);
}

function decideReplayed(
  instance: Instance,
  prepared: PreparedTurn,
  answer: OrchestratorAnswer & { kind: "state" },
  settings: EngineSettings,
): DecidedTurn {
  const { state } = answer;
  const actions = state.actions[0] ?? [];
  const history = [...instance.history, ...prepared.events];
  const replay = replayActions(history, actions, {
    ...settings,
    instanceId: instance.id,
    executionId: instance.executionId,
    isDone: state.isDone && answer.error === undefined,
  });
  const customStatus = customStatusOf(instance, state);
  const isDone = state.isDone || answer.error !== undefined;
  const desync = isDone || answer.openTasks === undefined ? undefined : findDesync(answer.openTasks, replay);
  const isOver = isDone && replay.isAtEnd && replay.open.size === 0;
  const next = actions.at(-1)?.actionType === ActionType.ContinueAsNew ? replay.continueAsNew : undefined;
  const ending = next === undefined ? "has ended" : "has continued as new";
  const found = [
    ...(answer.findings ?? []),
    ...checkReplay(instance, replay, desync, actions.length, settings.maxActions),
    ...checkTurn(instance, replay, { isDone, historyLength: history.length, actions }, settings.limits),
    // One that has thrown fails of that.
    ...(isOver && answer.error === undefined
      ? checkLocks(instance, [...history, ...decided(prepared, replay)], ending)
      : []),
  ];
  const findings = judge(found, settings.limits);
  const fatal = findings.find((finding) => finding.isFatal);
  if (fatal !== undefined) return failed(instance, prepared, { message: fatal.message, findings, customStatus });

  if (!isOver) return { turn: goOn(instance, prepared, replay, customStatus), findings };
  if (answer.error !== undefined) {
    const message = `Orchestrator function '${instance.name}' failed: ${answer.error}`;
    const failureDetails = state.failureDetails as FailureDetails | undefined;
    return failed(instance, prepared, { message, findings, customStatus, replay, failureDetails });
  }
  if (next !== undefined) {
    return { turn: restart(instance, prepared, replay, next.input, settings, customStatus), findings };
  }
  const output = state.output === undefined ? null : JSON.stringify(state.output);
  return { turn: finish(instance, prepared, { status: "Completed", output, replay, customStatus }), findings };
}

/**
 * A turn that sets no status empties it, as in the real extension's tables:
 * https://github.com/Azure/durabletask/blob/main/src/DurableTask.AzureStorage/Tracking/AzureTableTrackingStore.cs
 */
function customStatusOf(instance: Instance, { customStatus }: OrchestratorState): { readonly customStatus?: string } {
  if (customStatus !== undefined) return { customStatus: JSON.stringify(customStatus) };
  return instance.customStatus === null ? {} : { customStatus: "null" };
}

interface Failure {
  readonly message: string;
  readonly findings: readonly Finding[];
  readonly customStatus?: { readonly customStatus?: string };
  readonly replay?: ReplayResult;
  readonly failureDetails?: FailureDetails | undefined;
}

function failed(instance: Instance, prepared: PreparedTurn, failure: Failure): DecidedTurn {
  const turn = finish(instance, prepared, { status: "Failed", output: failure.message, ...failure });
  return { turn, findings: failure.findings };
}

function header(instance: Instance, prepared: PreparedTurn): { id: string; at: string; taken: number } {
  return { id: instance.id, at: prepared.at, taken: prepared.taken };
}

function pause(instance: Instance, prepared: PreparedTurn): Turn {
  const events = [...prepared.events, at(prepared, { EventType: EventType.OrchestratorCompleted })];
  return { ...header(instance, prepared), events, status: "Suspended" };
}

function goOn(
  instance: Instance,
  prepared: PreparedTurn,
  replay: ReplayResult,
  customStatus: { readonly customStatus?: string },
): Turn {
  const events = [
    ...prepared.events,
    ...decided(prepared, replay),
    at(prepared, { EventType: EventType.OrchestratorCompleted }),
  ];
  return {
    ...header(instance, prepared),
    events,
    status: "Running",
    ...customStatus,
    ...cancelled(replay),
    ...sending(messagesOf(instance, replay.decisions)),
  };
}

interface Ending {
  readonly status: RuntimeStatus & ("Completed" | "Failed" | "Terminated");
  readonly output: string | null;
  readonly replay?: ReplayResult;
  readonly customStatus?: { readonly customStatus?: string };
  readonly failureDetails?: FailureDetails | undefined;
}

function finish(instance: Instance, prepared: PreparedTurn, ending: Ending): Turn {
  const { status, output, replay, failureDetails } = ending;
  const completion = {
    EventType: EventType.ExecutionCompleted,
    OrchestrationStatus: status,
    Result: output,
    FailureDetails: failureDetails ?? null,
  };
  const events = [
    ...prepared.events,
    ...(status === "Terminated"
      ? [at(prepared, { EventType: EventType.ExecutionTerminated, Input: output ?? "" })]
      : []),
    ...(replay === undefined ? [] : decided(prepared, replay)),
    at(prepared, completion, replay?.nextId ?? -1),
    at(prepared, { EventType: EventType.OrchestratorCompleted }),
  ];
  const sent = replay === undefined ? [] : messagesOf(instance, replay.decisions);
  return {
    ...header(instance, prepared),
    events,
    status,
    output,
    ...ending.customStatus,
    ...sending([...sent, ...reportToParent(instance, ending)]),
  };
}

function restart(
  instance: Instance,
  prepared: PreparedTurn,
  replay: ReplayResult,
  input: string | null,
  settings: EngineSettings,
  customStatus: { readonly customStatus?: string },
): Turn {
  const { name, version, parent } = instance;
  return {
    ...header(instance, prepared),
    events: [],
    status: "Running",
    ...customStatus,
    ...sending(messagesOf(instance, replay.decisions)),
    restart: {
      start: { type: "start", executionId: settings.newExecutionId(), name, version, input, parent },
      carried: replay.carriedEvents.map(({ name: event, input: value }) => ({
        type: "event",
        name: event,
        input: value,
      })),
    },
  };
}

function reportToParent(instance: Instance, { status, output, failureDetails }: Ending): readonly Delivery[] {
  const { parent } = instance;
  if (parent === null) return [];
  const common = { executionId: parent.executionId, of: "subOrchestration", taskId: parent.taskId } as const;
  const message: Message =
    status === "Completed"
      ? { type: "completed", ...common, result: output }
      : {
          type: "failed",
          ...common,
          reason: output ?? "",
          details: "",
          ...(failureDetails === undefined ? {} : { failureDetails }),
        };
  return [{ to: parent.instanceId, message }];
}

function decided(prepared: PreparedTurn, replay: ReplayResult): readonly HistoryEvent[] {
  return replay.decisions.map((decision) => at(prepared, eventOf(decision), decision.id));
}

function sending(send: readonly Delivery[]): { readonly send?: readonly Delivery[] } {
  return send.length === 0 ? {} : { send };
}

function cancelled(replay: ReplayResult): { readonly cancelledTimers?: readonly number[] } {
  return replay.cancelledTimers.size === 0 ? {} : { cancelledTimers: [...replay.cancelledTimers] };
}

function at(prepared: PreparedTurn, body: EventBody, id = -1): HistoryEvent {
  return { ...body, EventId: id, Timestamp: prepared.at } as HistoryEvent;
}
