import type { DurableClient } from "durable-functions";
import { findInstance } from "../durableClient.ts";
import { addSeconds, parseTime } from "../model/time.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import { keyOf, noteEnd, noteStart } from "../results/conversionIndex.ts";
import { readRecord } from "../results/recorded.ts";
import { METADATA } from "../results/targets.ts";
import type { Conversion } from "../model/conversion.ts";
import { conversionIdOf } from "../model/identity.ts";
import type { ListedBlob, Services } from "../services.ts";
import type { IndexWindow } from "./indexWindow.ts";
import { createIndexReader } from "./indexWindow.ts";
import { isLive } from "./runtimeStates.ts";
import { findStanding } from "./standing.ts";
import { tryEach } from "./tryEach.ts";

/** What one sweep may add, and look at again: a record or a status each. */
const MAX_ADDED = 500;
const MAX_LOOKS = 200;
const AT_ONCE = 16;
/** With what the sweep and the terminations may take, below the time limit of a function. */
const BUDGET_SECONDS = 15;

/** One that is younger has just been noted, or will be. */
const SETTLING_SECONDS = 600;
const DAY_SECONDS = 24 * 3600;

/**
 * Adds to the index of conversions what it lacks: conversions from before there was an index, and those whose note was
 * lost. The sweep sees them anyway; only what is missing costs a request or two. Of older ones than the newest 20,000
 * nobody can tell whether they are missing.
 */
export class IndexRepair {
  readonly #services: Services;
  readonly #client: DurableClient;
  readonly #window: IndexWindow;
  readonly #known: ReadonlySet<string>;
  /** In ISO 8601. What was started before is too old, or not known to be missing. */
  readonly #horizon: string;
  readonly #recorded: { readonly conversion: Conversion; readonly id: string; readonly attempt: number }[] = [];
  readonly #running: string[] = [];

  private constructor(services: Services, client: DurableClient, window: IndexWindow) {
    this.#services = services;
    this.#client = client;
    this.#window = window;
    this.#known = new Set(window.entries.map(({ entry }) => entry.id));
    const oldest = window.next === undefined ? undefined : keyOf(window.entries.at(-1)?.name ?? "")?.startedAt;
    const kept = addSeconds(services.now(), -services.config.retentionDays * DAY_SECONDS).toISOString();
    this.#horizon = oldest !== undefined && oldest > kept ? oldest : kept;
  }

  /** Reads the index. */
  static async begin(services: Services, client: DurableClient): Promise<IndexRepair> {
    return new IndexRepair(services, client, await createIndexReader(services).newest());
  }

  /** To be told of every conversion that has its record, as the listing of the output container shows that. */
  sawRecord(conversion: Conversion, { metadata }: ListedBlob): void {
    const { [METADATA.conversionId]: id, [METADATA.startedAt]: startedAt, [METADATA.attempt]: attempt = 1 } = metadata;
    if (id === undefined || startedAt === undefined || this.#known.has(id) || startedAt < this.#horizon) return;
    if (this.#recorded.length < MAX_ADDED) this.#recorded.push({ conversion, id, attempt: Number(attempt) });
  }

  /** To be told of every conversion that has no record and was known already. */
  sawRunning({ workload, source }: Conversion): void {
    const id = conversionIdOf(workload, source);
    if (!this.#known.has(id) && this.#running.length < MAX_ADDED) this.#running.push(id);
  }

  /** Adds what is missing, and corrects some of those that the index says are running. Returns what could not be done. */
  async finish(): Promise<readonly string[]> {
    const { now } = this.#services;
    const begunBefore = addSeconds(now(), -SETTLING_SECONDS);
    const until = addSeconds(now(), BUDGET_SECONDS);
    const each = <Item>(items: readonly Item[], action: (item: Item) => Promise<unknown>): Promise<string[]> =>
      tryAll(items, action, () => now() <= until);
    const running = this.#window.entries.filter(
      ({ entry }) => entry.status === "running" && parseTime(entry.startedAt) < begunBefore,
    );
    return [
      ...(await each(this.#recorded, ({ conversion, id, attempt }) => this.#addEnded(conversion, id, attempt))),
      ...(await each(this.#running, (id) => this.#addRunning(id))),
      ...(await each(someOf(running), (found) => findStanding(this.#services, this.#client, found))),
    ];
  }

  async #addEnded(conversion: Conversion, conversionId: string, attempt: number): Promise<void> {
    const record = await readRecord(this.#services, { ...conversion, conversionId, attempt });
    if (record !== undefined) await noteEnd(this.#services, record, false);
  }

  async #addRunning(id: string): Promise<void> {
    const instance = await findInstance(this.#client, id);
    if (instance === undefined || !isLive(instance)) return;
    const { input, attempt } = contentsOf(instance);
    const startedAt = input.startedAt ?? instance.createdTime.toISOString();
    if (startedAt < this.#horizon) return;
    await noteStart(this.#services, { id, startedAt, workload: input.workload, source: input.source, attempt });
  }
}

/** At another place at each sweep, so that none is passed over for ever. */
function someOf<Item>(items: readonly Item[]): Item[] {
  const first = Math.floor(Math.random() * items.length);
  return [...items.slice(first), ...items.slice(0, first)].slice(0, MAX_LOOKS);
}

/** What there is no time for is found by the next sweep. */
async function tryAll<Item>(
  items: readonly Item[],
  action: (item: Item) => Promise<unknown>,
  hasTime: () => boolean,
): Promise<string[]> {
  const problems: string[] = [];
  for (let start = 0; start < items.length && hasTime(); start += AT_ONCE) {
    const some = items.slice(start, start + AT_ONCE);
    problems.push(...(await tryEach(some, () => "the list of conversions", action)).problems);
  }
  return problems;
}
