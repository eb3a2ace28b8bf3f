import { EventType } from "../engine/history.ts";
import type { HistoryEvent } from "../engine/history.ts";

/** Frozen, because one object serves many runs. */
export type SdkEvent = Readonly<Record<string, unknown>>;

/**
 * An event of a history as the SDK makes it of the real host's JSON, made here without the JSON: that would be read
 * again at every turn. Inputs of scheduled work stay out, as on the real host.
 *
 * Inner part: durable-functions takes a trigger that is an object already, with a `Date` as `Timestamp`, and does not
 * write to the events.
 * Seen with durable-functions 3.0.0 to 3.5.0.
 * Without it: the first turn of every orchestration fails.
 */
export function toSdkEvent(event: HistoryEvent, IsPlayed: boolean): SdkEvent {
  const Timestamp = new Date(event.Timestamp);
  const isScheduled =
    event.EventType === EventType.TaskScheduled ||
    event.EventType === EventType.SubOrchestrationInstanceCreated ||
    event.EventType === EventType.ExecutionStarted;
  return Object.freeze({ ...event, ...(isScheduled ? { Input: null } : {}), IsPlayed, Timestamp });
}
