import type { HistoryEvent } from "../engine/history.ts";
import type { Instance } from "../engine/instance.ts";
import type { PreparedTurn } from "../engine/prepare.ts";
import { hideFromWalk, toSdkEvent } from "../internals/sdkEvents.ts";
import type { SdkEvent } from "../internals/sdkEvents.ts";

/**
 * The limits of https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-timers as the trigger
 * spells them.
 */
export interface TimerSpans {
  readonly longTimerInterval: string;
  readonly maxShortTimer: string;
  readonly httpPollMs: number;
}

/** What an orchestrator function is called with. */
export type OrchestratorTrigger = Readonly<Record<string, unknown>>;

/** V4, as version 3.19 of the extension has it: V3 and entity locks. */
const SCHEMA_VERSION = 3;

/**
 * The trigger data of orchestrator functions, as the objects the SDK would parse from the real host's JSON. Past events
 * never change, so they are built once rather than every turn. Whatever an orchestrator can get hold of is built afresh
 * for every run.
 */
export class OrchestratorTriggers {
  /** By instance id. Each generation of an instance has a history array of its own, by which it is recognised. */
  readonly #past = new Map<string, { readonly of: readonly HistoryEvent[]; readonly events: SdkEvent[] }>();
  readonly #spans: TimerSpans;

  constructor(spans: TimerSpans) {
    this.#spans = spans;
  }

  /** A function that builds the data of one turn, as often as it is called. */
  factory(instance: Instance, prepared: PreparedTurn): () => OrchestratorTrigger {
    const { id, input, parent, history } = instance;
    const events = [...this.#pastEvents(id, history), ...prepared.events.map((event) => toSdkEvent(event, false))];
    const build = (): OrchestratorTrigger => ({
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
    return () => hideFromWalk(build(), "history");
  }

  /** A finished instance no longer needs its events. */
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
