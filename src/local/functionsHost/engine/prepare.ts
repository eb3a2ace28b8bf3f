import { EventType } from "./history.ts";
import type { EventBody, HistoryEvent } from "./history.ts";
import { isFinished } from "./instance.ts";
import type { FinalMessage, Instance, Message } from "./instance.ts";

export interface PreparedTurn {
  readonly taken: number;
  /** OrchestratorStarted, then what the messages say. */
  readonly events: readonly HistoryEvent[];
  /** The time of this turn, as ISO text. */
  readonly at: string;
  readonly kind: "replay" | "terminate" | "suspend" | "guard" | "nothing";
  /** Why, for a turn without the orchestrator function. */
  readonly reason: string;
}

/** Whether an instance has a next turn. */
export function hasTurn(instance: Instance): boolean {
  return instance.inbox.length > 0 && (isFinished(instance) || takeBatch(instance) !== undefined);
}

/** The next turn of an instance; undefined when its inbox holds nothing that can be dealt with now. */
export function prepareTurn(instance: Instance, now: number): PreparedTurn | undefined {
  const { inbox } = instance;
  if (inbox.length === 0) return undefined;
  if (isFinished(instance)) {
    return { taken: inbox.length, events: [], at: new Date(now).toISOString(), kind: "nothing", reason: "" };
  }
  const batch = takeBatch(instance);
  if (batch === undefined) return undefined;

  const final = batch.filter(isFinal).find((message) => isCurrent(instance, message));
  const messages = batch.filter((message) => !isFinal(message) && isCurrent(instance, message));
  const bodies = order(messages).map((message) => toEvent(instance, message));
  const timestamp = new Date(turnTime(instance, messages, now)).toISOString();
  const events = [{ EventType: EventType.OrchestratorStarted } as EventBody, ...bodies].map(
    (body) => ({ ...body, EventId: -1, Timestamp: timestamp }) as HistoryEvent,
  );
  const common = { taken: batch.length, events, at: timestamp, reason: final?.reason ?? "" };
  if (final?.type === "terminate") return { ...common, kind: "terminate" };
  if (final?.type === "guard") return { ...common, kind: "guard" };
  if (bodies.length === 0) return { ...common, events: [], kind: "nothing" };
  const isSuspending = messages.at(-1)?.type === "suspend";
  return { ...common, kind: isSuspending && messages.length === 1 ? "suspend" : "replay" };
}

/**
 * A suspended instance takes nothing until it is resumed or ended. A request to suspend is a turn of its own: what came
 * before it is still decided, what came after it waits.
 */
function takeBatch(instance: Instance): readonly Message[] | undefined {
  const { inbox, status } = instance;
  const end = inbox.findIndex((message) => isFinal(message) && isCurrent(instance, message));
  if (end >= 0) return inbox.slice(0, end + 1);
  if (status === "Suspended") {
    const resume = inbox.findIndex((message) => message.type === "resume");
    return resume < 0 ? undefined : inbox.slice(0, resume + 1);
  }
  const suspend = inbox.findIndex((message) => message.type === "suspend");
  if (suspend < 0) return inbox;
  return inbox.slice(0, suspend === 0 ? 1 : suspend);
}

function isFinal(message: Message): message is FinalMessage {
  return message.type === "terminate" || message.type === "guard";
}

function isCurrent(instance: Instance, message: Message): boolean {
  if (message.type === "start") return message.executionId === instance.executionId && instance.history.length === 0;
  return !("executionId" in message) || message.executionId === instance.executionId;
}

/** A request to resume comes before the messages that have waited for it. */
function order(messages: readonly Message[]): readonly Message[] {
  const resumed = messages.filter((message) => message.type === "resume");
  return resumed.length === 0 ? messages : [...resumed, ...messages.filter((message) => message.type !== "resume")];
}

/** Never earlier than the timers that have fired: Node's timeouts may come a millisecond early. */
function turnTime(instance: Instance, messages: readonly Message[], now: number): number {
  const last = instance.history.at(-1);
  const fired = messages.map((message) => (message.type === "timerFired" ? Date.parse(message.fireAt) : 0));
  return Math.max(now, last === undefined ? 0 : Date.parse(last.Timestamp), ...fired);
}

function toEvent(instance: Instance, message: Message): EventBody {
  switch (message.type) {
    case "start":
      return {
        EventType: EventType.ExecutionStarted,
        OrchestrationInstance: { InstanceId: instance.id, ExecutionId: message.executionId },
        ParentInstance: message.parent === null ? null : parentInstance(message.parent),
        Name: message.name,
        Version: message.version,
        Input: message.input,
        Tags: null,
      };
    case "completed": {
      const { taskId: TaskScheduledId, result: Result } = message;
      return message.of === "activity"
        ? { EventType: EventType.TaskCompleted, TaskScheduledId, Result }
        : { EventType: EventType.SubOrchestrationInstanceCompleted, TaskScheduledId, Result };
    }
    case "failed":
      return {
        EventType: message.of === "activity" ? EventType.TaskFailed : EventType.SubOrchestrationInstanceFailed,
        TaskScheduledId: message.taskId,
        Reason: message.reason,
        Details: message.details,
        ...(message.failureDetails === undefined ? {} : { FailureDetails: message.failureDetails }),
      };
    case "timerFired":
      return { EventType: EventType.TimerFired, TimerId: message.timerId, FireAt: message.fireAt };
    case "event":
      return { EventType: EventType.EventRaised, Name: message.name, Input: message.input };
    case "suspend":
      return { EventType: EventType.ExecutionSuspended, Reason: message.reason };
    case "resume":
      return { EventType: EventType.ExecutionResumed, Reason: message.reason };
    case "terminate":
    case "guard":
      return { EventType: EventType.ExecutionTerminated, Input: message.reason };
  }
}

function parentInstance(parent: NonNullable<Instance["parent"]>): object {
  const { instanceId: InstanceId, executionId: ExecutionId, name: Name, taskId: TaskScheduleId } = parent;
  return { OrchestrationInstance: { InstanceId, ExecutionId }, Name, TaskScheduleId };
}
