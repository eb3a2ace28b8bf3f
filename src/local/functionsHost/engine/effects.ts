import type { EntityName } from "./actions.ts";
import { RELEASE } from "./decisions.ts";
import type { Decision } from "./decisions.ts";
import { EventType } from "./history.ts";
import type { EventBody } from "./history.ts";
import { entityId, isEntityId } from "./instance.ts";
import type { Delivery, Instance, Message } from "./instance.ts";

/** A decision as it stands in the history. */
export function eventOf(decision: Decision): EventBody {
  switch (decision.kind) {
    case "activity":
      return { EventType: EventType.TaskScheduled, Name: decision.name, Version: "", Input: decision.input };
    case "subOrchestration":
      return {
        EventType: EventType.SubOrchestrationInstanceCreated,
        Name: decision.name,
        Version: decision.version,
        InstanceId: decision.instanceId,
        Input: decision.input,
      };
    case "timer":
      return { EventType: EventType.TimerCreated, FireAt: new Date(decision.fireAt).toISOString() };
    case "message":
      return {
        EventType: EventType.EventSent,
        InstanceId: decision.target,
        Name: decision.operation,
        Input: decision.input,
      };
  }
}

/** What new decisions send to other instances and to entities. */
export function messagesOf(instance: Instance, decisions: readonly Decision[]): readonly Delivery[] {
  return decisions.flatMap((decision): Delivery[] => {
    if (decision.kind === "subOrchestration") {
      return [{ to: decision.instanceId, message: startOf(instance, decision) }];
    }
    if (decision.kind === "message" && isEntityId(decision.target)) {
      return [{ to: decision.target, message: entityMessageOf(decision) }];
    }
    return [];
  });
}

function startOf(instance: Instance, decision: Decision & { kind: "subOrchestration" }): Message {
  const { id, name, version, input } = decision;
  return {
    type: "start",
    // Derived, so that a start delivered twice is still one execution.
    executionId: `${instance.executionId}:${id}`,
    name,
    version,
    input,
    parent: { instanceId: instance.id, executionId: instance.executionId, name: instance.name, taskId: id },
  };
}

interface Wire {
  readonly op: string;
  readonly signal?: boolean;
  readonly input?: string;
  readonly id: string;
  readonly parent: string;
  readonly lockset?: readonly EntityName[];
}

function entityMessageOf({ operation: event, input: text }: Decision & { kind: "message" }): Delivery["message"] {
  const { op: operation, signal: isSignal = false, input = null, id, parent, lockset } = JSON.parse(text) as Wire;
  if (event === RELEASE) return { type: "release", parent };
  if (lockset !== undefined) return { type: "lock", id, parent, lockSet: lockset.map(entityId), position: 0 };
  const answerTo = isSignal ? {} : { parent };
  return { type: "operation", id, operation, input, isSignal, ...answerTo };
}
