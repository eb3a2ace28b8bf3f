import { EventType, eventName } from "../engine/history.ts";
import type { HistoryEvent } from "../engine/history.ts";
import type { Instance } from "../engine/instance.ts";

interface ViewOptions {
  readonly showHistory: boolean;
  readonly showHistoryOutput: boolean;
  readonly showInput: boolean;
}

/** https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api#get-instance-status */
export function viewInstance(instance: Instance, { showHistory, showHistoryOutput, showInput }: ViewOptions): object {
  const { name, id: instanceId, status: runtimeStatus } = instance;
  return {
    name,
    instanceId,
    runtimeStatus,
    input: showInput ? parseText(instance.input) : null,
    customStatus: parseText(instance.customStatus),
    output: parseText(instance.output),
    createdTime: toSeconds(instance.createdAt),
    lastUpdatedTime: toSeconds(instance.updatedAt),
    ...(showHistory ? { historyEvents: viewHistory(instance.history, { showHistoryOutput, showInput }) } : {}),
  };
}

/** Parsed if it is JSON; a reason or an error message stays text. */
function parseText(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toSeconds(time: string): string {
  return `${time.slice(0, 19)}Z`;
}

/** An answer is shown with the name and time of the call that it answers, and that call is left out. */
function viewHistory(history: readonly HistoryEvent[], shows: Shows): readonly object[] {
  const scheduled = new Map<number, HistoryEvent>();
  const answered = new Set<number>();
  for (const event of history) {
    if (event.EventType === EventType.TaskScheduled || event.EventType === EventType.SubOrchestrationInstanceCreated) {
      scheduled.set(event.EventId, event);
    }
    if ("TaskScheduledId" in event) answered.add(event.TaskScheduledId);
  }
  return history.flatMap((event) => {
    if (event.EventType === EventType.OrchestratorStarted || event.EventType === EventType.OrchestratorCompleted) {
      return [];
    }
    if (answered.has(event.EventId) && scheduled.has(event.EventId)) return [];
    return [viewEvent(event, "TaskScheduledId" in event ? scheduled.get(event.TaskScheduledId) : undefined, shows)];
  });
}

type Shows = Pick<ViewOptions, "showHistoryOutput" | "showInput">;

function viewEvent(
  event: HistoryEvent,
  question: HistoryEvent | undefined,
  { showHistoryOutput, showInput }: Shows,
): object {
  const { EventType: _type, EventId: _id, Timestamp, ...fields } = event as HistoryEvent & Record<string, unknown>;
  const { Name, Result, Input, OrchestrationInstance: _instance, ParentInstance: _parent, ...rest } = fields;
  const { Tags: _tags, TaskScheduledId: _taskId, TimerId: _timerId, Version: _version, ...shown } = rest;
  const isStart = event.EventType === EventType.ExecutionStarted;
  return {
    EventType: eventName(event),
    ...(Name === undefined ? {} : { [isStart ? "FunctionName" : "Name"]: Name }),
    ...(question !== undefined && "Name" in question
      ? { FunctionName: question.Name, ScheduledTime: question.Timestamp }
      : {}),
    ...(question !== undefined && "InstanceId" in question ? { InstanceId: question.InstanceId } : {}),
    ...shown,
    ...(showInput ? inputOf(event, Input) : {}),
    ...(showHistoryOutput && Result !== undefined ? { Result: parseText(Result as string | null) } : {}),
    Timestamp,
  };
}

/** What was called is shown without its input, as with Azure Storage, which does not keep it in the history. */
function inputOf(event: HistoryEvent, input: unknown): { readonly Input?: unknown } {
  const isCall =
    event.EventType === EventType.TaskScheduled || event.EventType === EventType.SubOrchestrationInstanceCreated;
  if (isCall || "TaskScheduledId" in event) return { Input: null };
  return input === undefined ? {} : { Input: input };
}
