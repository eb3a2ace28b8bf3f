/**
 * History as the Durable extension shows it to an orchestrator function. The numbers are those of the protocol.
 * https://github.com/Azure/durabletask/blob/main/src/DurableTask.Core/History/EventType.cs
 */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventSent: 14,
  EventRaised: 15,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
} as const;

type EventName = keyof typeof EventType;

const NAMES = new Map(Object.entries(EventType).map(([name, number]) => [number as number, name as EventName]));

export function eventName(event: { readonly EventType: number }): EventName {
  const name = NAMES.get(event.EventType);
  if (name === undefined) throw new Error(`Unknown history event type ${event.EventType}`);
  return name;
}

export interface FailureDetails {
  readonly ErrorType: string;
  readonly ErrorMessage: string;
  readonly StackTrace?: string | null;
  readonly InnerFailure?: FailureDetails | null;
  readonly IsNonRetriable: boolean;
  readonly Properties?: Readonly<Record<string, unknown>> | null;
}

interface Common {
  /** The sequence number of what an orchestrator decided; -1 for what happened to it. */
  readonly EventId: number;
  readonly Timestamp: string;
}

/** Values (`Input`, `Result`) are JSON texts, as on the wire. */
export type HistoryEvent = Common &
  (
    | {
        readonly EventType: typeof EventType.ExecutionStarted;
        readonly OrchestrationInstance: { readonly InstanceId: string; readonly ExecutionId: string };
        readonly ParentInstance: object | null;
        readonly Name: string;
        readonly Version: string;
        readonly Input: string | null;
        readonly Tags: null;
      }
    | {
        readonly EventType: typeof EventType.ExecutionCompleted;
        readonly OrchestrationStatus: string;
        readonly Result: string | null;
        readonly FailureDetails: FailureDetails | null;
      }
    | { readonly EventType: typeof EventType.ExecutionTerminated; readonly Input: string }
    | {
        readonly EventType: typeof EventType.TaskScheduled;
        readonly Name: string;
        readonly Version: string;
        readonly Input: string | null;
      }
    | {
        readonly EventType: typeof EventType.TaskCompleted | typeof EventType.SubOrchestrationInstanceCompleted;
        readonly TaskScheduledId: number;
        readonly Result: string | null;
      }
    | {
        readonly EventType: typeof EventType.TaskFailed | typeof EventType.SubOrchestrationInstanceFailed;
        readonly TaskScheduledId: number;
        readonly Reason: string;
        readonly Details: string;
        readonly FailureDetails?: FailureDetails;
      }
    | {
        readonly EventType: typeof EventType.SubOrchestrationInstanceCreated;
        readonly Name: string;
        readonly Version: string;
        readonly InstanceId: string;
        readonly Input: string | null;
      }
    | { readonly EventType: typeof EventType.TimerCreated; readonly FireAt: string }
    | { readonly EventType: typeof EventType.TimerFired; readonly TimerId: number; readonly FireAt: string }
    | { readonly EventType: typeof EventType.OrchestratorStarted | typeof EventType.OrchestratorCompleted }
    | {
        readonly EventType: typeof EventType.EventSent;
        readonly InstanceId: string;
        readonly Name: string;
        readonly Input: string;
      }
    | { readonly EventType: typeof EventType.EventRaised; readonly Name: string; readonly Input: string }
    | {
        readonly EventType: typeof EventType.ExecutionSuspended | typeof EventType.ExecutionResumed;
        readonly Reason: string;
      }
  );

type Body<Event> = Event extends unknown ? Omit<Event, "EventId" | "Timestamp"> : never;

/** An event before it has a place in a history. */
export type EventBody = Body<HistoryEvent>;
