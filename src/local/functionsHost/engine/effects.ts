import type { Decision } from "./decisions.ts";
import { EventType } from "./history.ts";
import type { EventBody } from "./history.ts";
import { isEntityId } from "./instance.ts";
import type { Delivery, EntityMessage, Instance, Message } from "./instance.ts";

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
      return [{ to: decision.target, message: operationOf(decision.input) }];
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

function operationOf(text: string): EntityMessage {
  const wire = JSON.parse(text) as { op: string; signal?: boolean; input?: string; id: string; parent?: string };
  const { op: operation, signal: isSignal = false, input = null, id, parent } = wire;
  const answerTo = isSignal || parent === undefined ? {} : { parent };
  return { type: "operation", id, operation, input, isSignal, ...answerTo };
}
