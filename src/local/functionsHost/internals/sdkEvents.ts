import { EventType } from "../engine/history.ts";
import type { HistoryEvent } from "../engine/history.ts";

/** Frozen, because many runs share the object. */
export type SdkEvent = Readonly<Record<string, unknown>>;

/**
 * A history event as the SDK would parse it from the real host's JSON, built without the JSON, which would have to be
 * read again every turn. As on the real host, inputs of scheduled work are left out.
 *
 * Relies on: durable-functions accepts a trigger that is an object already, with a `Date` as `Timestamp`, and does not
 * write to the events.
 * Seen with: durable-functions 3.0.0 to 3.5.0.
 * If it goes: every orchestration fails in its first turn.
 */
export function toSdkEvent(event: HistoryEvent, IsPlayed: boolean): SdkEvent {
  const Timestamp = new Date(event.Timestamp);
  const isScheduled =
    event.EventType === EventType.TaskScheduled ||
    event.EventType === EventType.SubOrchestrationInstanceCreated ||
    event.EventType === EventType.ExecutionStarted;
  return Object.freeze({ ...event, ...(isScheduled ? { Input: null } : {}), IsPlayed, Timestamp });
}
