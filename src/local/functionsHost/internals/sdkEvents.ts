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
  const same: Record<string, unknown> = { ...event, IsPlayed, Timestamp };
  if (isScheduled) same["Input"] = null;
  return Object.freeze(same);
}

/**
 * The SDK walks all that is enumerable in a trigger, down to every value of every event, for texts to make a `Date` of. In a
 * history made of `toSdkEvent` there are none, so the walk, which is longer with every turn, is spared.
 *
 * Relies on: durable-functions reads the trigger's properties by their names, and asks for them by `hasOwnProperty`.
 * Seen with: durable-functions 3.0.0 to 3.5.0.
 * If it goes: every orchestration fails in its first turn.
 */
export function hideFromWalk<T extends object>(trigger: T, name: keyof T): T {
  return Object.defineProperty(trigger, name, { enumerable: false });
}
