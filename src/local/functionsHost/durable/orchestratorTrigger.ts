import type { HistoryEvent } from "../engine/history.ts";
import type { Instance } from "../engine/instance.ts";
import type { PreparedTurn } from "../engine/prepare.ts";
import { toSdkEvent } from "../internals/sdkEvents.ts";
import type { SdkEvent } from "../internals/sdkEvents.ts";

/** How the numbers of https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-timers are spelt. */
export interface TimerSpans {
  readonly longTimerInterval: string;
  readonly maxShortTimer: string;
  readonly httpPollMs: number;
}

/** What an orchestrator function is called with. */
export type OrchestratorTrigger = Readonly<Record<string, unknown>>;

/** V3: the newest schema that every 4.x extension bundle speaks. */
const SCHEMA_VERSION = 2;

/**
 * The trigger data of orchestrator functions, as the objects that the SDK would make of the JSON text of the real
 * host. Past events never change, so they are made once and not at every turn; everything that an orchestrator can get
 * hold of is made afresh for every run.
 */
export class OrchestratorTriggers {
  /** By the id of the instance; a generation of it is known by its own array of history. */
  readonly #past = new Map<string, { readonly of: readonly HistoryEvent[]; readonly events: SdkEvent[] }>();
  readonly #spans: TimerSpans;

  constructor(spans: TimerSpans) {
    this.#spans = spans;
  }

  /** Makes the data of one turn, again and again. */
  factory(instance: Instance, prepared: PreparedTurn): () => OrchestratorTrigger {
    const { id, input, parent, history } = instance;
    const events = [...this.#pastEvents(id, history), ...prepared.events.map((event) => toSdkEvent(event, false))];
    return () => ({
      history: events,
      input: JSON.parse(input ?? "null") as unknown,
      instanceId: id,
      parentInstanceId: parent?.instanceId ?? null,
      isReplaying: history.length > 0,
      upperSchemaVersion: 1,
      upperSchemaVersionNew: SCHEMA_VERSION,
      longRunningTimerIntervalDuration: this.#spans.longTimerInterval,
      maximumShortTimerDuration: this.#spans.maxShortTimer,
      defaultHttpAsyncRequestSleepTimeMillseconds: this.#spans.httpPollMs,
    });
  }

  /** A finished instance needs its events no more. */
  forget(instance: Instance): void {
    this.#past.delete(instance.id);
  }

  #pastEvents(id: string, history: readonly HistoryEvent[]): readonly SdkEvent[] {
    const known = this.#past.get(id);
    const past = known?.of === history ? known : { of: history, events: [] };
    for (const event of history.slice(past.events.length)) past.events.push(toSdkEvent(event, true));
    this.#past.set(id, past);
    return past.events;
  }
}
