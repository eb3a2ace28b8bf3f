import type { FailureDetails, HistoryEvent } from "./history.ts";

export type RuntimeStatus = "Pending" | "Running" | "Suspended" | "Completed" | "Failed" | "Terminated";

const FINISHED: readonly RuntimeStatus[] = ["Completed", "Failed", "Terminated"];

export function isFinished(instance: { readonly status: RuntimeStatus }): boolean {
  return FINISHED.includes(instance.status);
}

/** Where a sub-orchestration reports to. */
interface ParentRef {
  readonly instanceId: string;
  readonly executionId: string;
  readonly name: string;
  readonly taskId: number;
}

export interface StartMessage {
  readonly type: "start";
  readonly executionId: string;
  readonly name: string;
  readonly version: string;
  readonly input: string | null;
  readonly parent: ParentRef | null;
}

/**
 * What waits in an instance's inbox for its next turn. A message with an `executionId` is void for any other execution.
 */
export type Message =
  | StartMessage
  | {
      readonly type: "completed";
      readonly executionId: string;
      readonly of: "activity" | "subOrchestration";
      readonly taskId: number;
      readonly result: string | null;
    }
  | {
      readonly type: "failed";
      readonly executionId: string;
      readonly of: "activity" | "subOrchestration";
      readonly taskId: number;
      readonly reason: string;
      readonly details: string;
      readonly failureDetails?: FailureDetails;
    }
  | { readonly type: "timerFired"; readonly executionId: string; readonly timerId: number; readonly fireAt: string }
  | { readonly type: "event"; readonly name: string; readonly input: string }
  | { readonly type: "suspend" | "resume"; readonly reason: string }
  | FinalMessage;

/** What ends an instance, whatever else has come in. */
export type FinalMessage =
  | { readonly type: "terminate"; readonly reason: string }
  | { readonly type: "guard"; readonly executionId: string; readonly reason: string };

/** All that is known about one orchestration. `input`, `output` and `customStatus` are JSON, or plain text. */
export interface Instance {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  executionId: string;
  input: string | null;
  readonly parent: ParentRef | null;
  status: RuntimeStatus;
  customStatus: string | null;
  output: string | null;
  readonly createdAt: string;
  updatedAt: string;
  history: HistoryEvent[];
  /** Timers in the history that need not fire. */
  cancelledTimers: readonly number[];
  inbox: Message[];
}

/** The changes that one turn makes: all of them or none. */
export interface Turn {
  readonly id: string;
  readonly at: string;
  /** How many messages at the head of the inbox this turn has dealt with. */
  readonly taken: number;
  readonly events: readonly HistoryEvent[];
  readonly status: RuntimeStatus;
  readonly customStatus?: string;
  readonly output?: string | null;
  /** All timers of this generation that need not fire. */
  readonly cancelledTimers?: readonly number[];
  /** To other instances and to entities. */
  readonly send?: readonly Delivery[];
  /** The next generation: the history starts afresh with it. */
  readonly restart?: { readonly start: StartMessage; readonly carried: readonly Message[] };
}

export interface Delivery {
  readonly to: string;
  readonly message: Message | EntityMessage | LockRelease;
}

/** What waits in an entity's inbox. */
export type EntityMessage = Operation | LockRequest;

export interface Operation {
  readonly type: "operation";
  readonly id: string;
  readonly operation: string;
  readonly input: string | null;
  readonly isSignal: boolean;
  /** Who awaits the answer. */
  readonly parent?: string;
}

/** Goes from entity to entity, and each keeps the lock; the last one tells the parent. */
export interface LockRequest {
  readonly type: "lock";
  readonly id: string;
  readonly parent: string;
  /** The entities in the order in which everybody locks them, so that nobody waits in a circle. */
  readonly lockSet: readonly string[];
  readonly position: number;
}

/** Does not wait. */
export interface LockRelease {
  readonly type: "release";
  readonly parent: string;
}

export function entityId({ name, key }: { readonly name: string; readonly key: string }): string {
  return `@${name.toLowerCase()}@${key}`;
}

export function isEntityId(id: string): boolean {
  return id.startsWith("@");
}
