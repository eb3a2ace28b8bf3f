import { EventType } from "../../../../src/local/functionsHost/engine/history.ts";
import type { EventBody, HistoryEvent } from "../../../../src/local/functionsHost/engine/history.ts";

const START = Date.parse("2026-01-01T00:00:00.000Z");

/** Numbers the events as the protocol does: a decision gets its id, everything else -1. Each event is a second later. */
export function history(...bodies: readonly (EventBody & { readonly id?: number })[]): HistoryEvent[] {
  return bodies.map(({ id = -1, ...body }, index) => {
    const Timestamp = new Date(START + index * 1000).toISOString();
    return { ...body, EventId: id, Timestamp } as HistoryEvent;
  });
}

export const started: EventBody = { EventType: EventType.OrchestratorStarted };
export const completed: EventBody = { EventType: EventType.OrchestratorCompleted };

export const executionStarted: EventBody = {
  EventType: EventType.ExecutionStarted,
  OrchestrationInstance: { InstanceId: "i", ExecutionId: "e" },
  ParentInstance: null,
  Name: "orchestrator",
  Version: "",
  Input: null,
  Tags: null,
};

export function scheduled(id: number, Name: string, Input: string | null = null): EventBody & { id: number } {
  return { EventType: EventType.TaskScheduled, Name, Version: "", Input, id };
}

export function taskCompleted(TaskScheduledId: number, Result: string | null = null): EventBody {
  return { EventType: EventType.TaskCompleted, TaskScheduledId, Result };
}

export function taskFailed(TaskScheduledId: number): EventBody {
  return { EventType: EventType.TaskFailed, TaskScheduledId, Reason: "no", Details: "" };
}

export function timerCreated(id: number, FireAt: string): EventBody & { id: number } {
  return { EventType: EventType.TimerCreated, FireAt, id };
}

export function timerFired(TimerId: number, FireAt: string): EventBody {
  return { EventType: EventType.TimerFired, TimerId, FireAt };
}

export function raised(Name: string, Input = "null"): EventBody {
  return { EventType: EventType.EventRaised, Name, Input };
}
