import { eventText } from "../engine/history.ts";
import type { HistoryEvent } from "../engine/history.ts";
import type { Instance } from "../engine/instance.ts";
import type { PreparedTurn } from "../engine/prepare.ts";

/** How the numbers of https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-timers are spelt. */
export interface TimerSpans {
  readonly longTimerInterval: string;
  readonly maxShortTimer: string;
  readonly httpPollMs: number;
}

/** V3: the newest schema that every 4.x extension bundle speaks. */
const SCHEMA_VERSION = 2;

/**
 * The trigger data of an orchestrator function. The text of past events never changes, so it is kept and not made
 * again at every turn.
 */
export class OrchestratorPayloads {
  readonly #past = new WeakMap<readonly HistoryEvent[], { count: number; text: string }>();
  readonly #spans: TimerSpans;

  constructor(spans: TimerSpans) {
    this.#spans = spans;
  }

  create(instance: Instance, prepared: PreparedTurn): string {
    const past = this.#pastText(instance.history);
    const fresh = prepared.events.map((event) => eventText(event, false)).join(",");
    const separator = past === "" || fresh === "" ? "" : ",";
    const rest = JSON.stringify({
      instanceId: instance.id,
      parentInstanceId: instance.parent?.instanceId ?? null,
      isReplaying: instance.history.length > 0,
      upperSchemaVersion: 1,
      upperSchemaVersionNew: SCHEMA_VERSION,
      longRunningTimerIntervalDuration: this.#spans.longTimerInterval,
      maximumShortTimerDuration: this.#spans.maxShortTimer,
      defaultHttpAsyncRequestSleepTimeMillseconds: this.#spans.httpPollMs,
    });
    return `{"history":[${past}${separator}${fresh}],"input":${instance.input ?? "null"},${rest.slice(1)}`;
  }

  /** A finished instance needs its text no more. */
  forget(instance: Instance): void {
    this.#past.delete(instance.history);
  }

  #pastText(history: readonly HistoryEvent[]): string {
    const known = this.#past.get(history) ?? { count: 0, text: "" };
    for (; known.count < history.length; known.count++) {
      const event = history[known.count];
      if (event !== undefined) known.text += `${known.text === "" ? "" : ","}${eventText(event, true)}`;
    }
    this.#past.set(history, known);
    return known.text;
  }
}
