import * as v from "valibot";
import { EventType } from "../engine/history.ts";
import { isEntityId } from "../engine/instance.ts";
import { count, place, text, time, whole } from "../entryParts.ts";

/**
 * Throws if a hub cannot have written this entry, so that damage is found at the start and not where it first hurts. What
 * is only passed on, such as versions and the details of failures, may be anything: whoever makes this stricter raises
 * the version of the journal.
 */
export function checkHubEntry(entry: unknown): void {
  v.parse(hubEntry, entry);
}

/** Throws if this is not what was archived of an instance. */
export function checkInstance(body: unknown): void {
  v.parse(instance, body);
}

const json = v.nullable(text);
const failureDetails = v.nullish(v.looseObject({}));
const parent = v.nullable(v.object({ instanceId: text, executionId: text, name: text, taskId: whole }));

const start = v.object({ type: v.literal("start"), executionId: text, name: text, input: json, parent });

const answer = { executionId: text, of: v.picklist(["activity", "subOrchestration"]), taskId: whole };

const message = v.variant("type", [
  start,
  v.object({ type: v.literal("completed"), ...answer, result: json }),
  v.object({ type: v.literal("failed"), ...answer, reason: text, failureDetails }),
  v.object({ type: v.literal("timerFired"), executionId: text, timerId: whole, fireAt: time }),
  v.object({ type: v.literal("event"), name: text, input: text }),
  v.object({ type: v.literal("suspend"), reason: text }),
  v.object({ type: v.literal("resume"), reason: text }),
  v.object({ type: v.literal("terminate"), reason: text }),
  v.object({ type: v.literal("guard"), executionId: text, reason: text }),
]);

const operation = v.object({
  type: v.literal("operation"),
  id: text,
  isSignal: v.boolean(),
  parent: v.optional(text),
});

const id = v.pipe(text, v.check(isEntityId, "Not the id of an entity"));
const lock = v.object({ type: v.literal("lock"), id: text, parent: text, lockSet: v.array(id), position: count });
const release = v.object({ type: v.literal("release"), parent: text });
const entityMessage = v.variant("type", [operation, lock]);

const deliveries = v.array(v.object({ to: text, message: v.variant("type", [message, entityMessage, release]) }));

const common = { EventId: whole, Timestamp: time };
const scheduled = { ...common, Name: text, Input: json };
const completed = { ...common, TaskScheduledId: whole, Result: json };
const failed = { ...common, TaskScheduledId: whole, Reason: text, FailureDetails: failureDetails };

const event = v.variant("EventType", [
  v.object({
    EventType: v.literal(EventType.ExecutionStarted),
    ...scheduled,
    OrchestrationInstance: v.object({ InstanceId: text, ExecutionId: text }),
    ParentInstance: v.nullable(v.looseObject({})),
  }),
  v.object({
    EventType: v.literal(EventType.ExecutionCompleted),
    ...common,
    OrchestrationStatus: text,
    Result: json,
    FailureDetails: failureDetails,
  }),
  v.object({ EventType: v.literal(EventType.ExecutionTerminated), ...common, Input: text }),
  v.object({ EventType: v.literal(EventType.TaskScheduled), ...scheduled }),
  v.object({ EventType: v.literal(EventType.TaskCompleted), ...completed }),
  v.object({ EventType: v.literal(EventType.TaskFailed), ...failed }),
  v.object({ EventType: v.literal(EventType.SubOrchestrationInstanceCreated), ...scheduled, InstanceId: text }),
  v.object({ EventType: v.literal(EventType.SubOrchestrationInstanceCompleted), ...completed }),
  v.object({ EventType: v.literal(EventType.SubOrchestrationInstanceFailed), ...failed }),
  v.object({ EventType: v.literal(EventType.TimerCreated), ...common, FireAt: time }),
  v.object({ EventType: v.literal(EventType.TimerFired), ...common, TimerId: whole, FireAt: time }),
  v.object({ EventType: v.literal(EventType.OrchestratorStarted), ...common }),
  v.object({ EventType: v.literal(EventType.OrchestratorCompleted), ...common }),
  v.object({ EventType: v.literal(EventType.EventSent), ...common, InstanceId: text, Name: text, Input: text }),
  v.object({ EventType: v.literal(EventType.EventRaised), ...common, Name: text, Input: text }),
  v.object({ EventType: v.literal(EventType.ExecutionSuspended), ...common, Reason: text }),
  v.object({ EventType: v.literal(EventType.ExecutionResumed), ...common, Reason: text }),
]);

const status = v.picklist(["Pending", "Running", "Suspended", "Completed", "Failed", "Terminated"]);

const turn = v.object({
  id: text,
  at: time,
  taken: count,
  events: v.array(event),
  status,
  customStatus: v.optional(text),
  output: v.optional(json),
  cancelledTimers: v.optional(v.array(whole)),
  send: v.optional(deliveries),
  restart: v.optional(v.object({ start, carried: v.array(message) })),
});

const instance = v.object({
  id: text,
  name: text,
  executionId: text,
  input: json,
  parent,
  status,
  customStatus: json,
  output: json,
  createdAt: time,
  updatedAt: time,
  history: v.array(event),
  cancelledTimers: v.array(whole),
  inbox: v.array(message),
});

const archived = v.object({
  id: text,
  executionId: text,
  status: v.picklist(["Completed", "Failed", "Terminated"]),
  createdAt: time,
  checksum: whole,
  place,
});

const entity = v.object({
  id,
  exists: v.boolean(),
  state: json,
  inbox: v.array(entityMessage),
  lockedBy: v.optional(text),
  updatedAt: v.optional(time),
});
const entityTurn = v.object({
  id,
  taken: count,
  exists: v.boolean(),
  state: json,
  send: deliveries,
  lockedBy: v.optional(text),
});

const hubEntry = v.variant("k", [
  v.object({ k: v.literal("deliver"), at: time, deliveries }),
  v.object({ k: v.literal("turn"), turn }),
  v.object({ k: v.literal("entityTurn"), at: time, turn: entityTurn }),
  v.object({ k: v.literal("purge"), ids: v.array(text) }),
  v.object({ k: v.literal("instance"), instance }),
  v.object({ k: v.literal("archived"), instance: archived }),
  v.object({ k: v.literal("entity"), entity }),
]);
