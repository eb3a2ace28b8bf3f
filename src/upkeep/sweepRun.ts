import type { DurableClient } from "durable-functions";
import type { Conversion } from "../model/conversion.ts";
import { isDirectory } from "../model/directory.ts";
import { addSeconds } from "../model/time.ts";
import { METADATA } from "../results/targets.ts";
import type { ListedBlob, Services } from "../services.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import { accepts } from "../workloads/workload.ts";
import type { IndexRepair } from "./indexRepair.ts";
import type { SortedLookup } from "./sortedLookup.ts";
import { createLookup } from "./sortedLookup.ts";
import { startOnce } from "./starting.ts";
import type { SweepPlace } from "./sweepPlace.ts";
import { tryEach } from "./tryEach.ts";

/** What one run may cost. It sees at least one blob, or reads on in the records, if it may list ten pages. */
export interface SweepLimits {
  /** Blobs on a page of a listing. */
  readonly pageSize: number;
  /** Pages of the input and the output container together. */
  readonly pages: number;
  /** Conversions without a record whose status is asked for. */
  readonly checks: number;
}

/** A younger upload is left to the trigger. */
const GRACE_SECONDS = 120;
/**
 * With that of the terminations, and a last round of slow requests, below the time limit of a function in host.json: a
 * function that exceeds it takes its whole process down.
 */
const BUDGET_SECONDS = 150;
const AT_ONCE = 16;

/** One run of the sweep: a part of a round, or all of it. */
export class SweepRun {
  conversions = 0;
  readonly started: string[] = [];
  readonly problems: string[] = [];
  isComplete = false;
  /** Whether a blob or a page has been seen, or records have been passed. */
  hasMoved = false;
  /** Where the next run goes on. */
  place: SweepPlace;
  readonly #services: Services;
  readonly #client: DurableClient;
  readonly #limits: SweepLimits;
  readonly #youngest: Date;
  readonly #deadline: Date;
  readonly #records: SortedLookup;
  readonly #index: IndexRepair | undefined;
  #pages = 0;
  #checks = 0;
  #unsettled: Conversion[] = [];

  /** `index` is told of what is seen; without one, nobody is. */
  constructor(
    services: Services,
    client: DurableClient,
    limits: SweepLimits,
    place: SweepPlace,
    index: IndexRepair | undefined,
  ) {
    const { blobs, config, now } = services;
    this.#services = services;
    this.#client = client;
    this.#limits = limits;
    this.#index = index;
    this.place = place;
    this.#youngest = addSeconds(now(), -GRACE_SECONDS);
    this.#deadline = addSeconds(now(), BUDGET_SECONDS);
    const from = place.output ?? undefined;
    this.#records = createLookup(blobs.list(config.containers.output, { from, pageSize: limits.pageSize }), from);
  }

  /**
   * Goes on to the end of the round, or until the run has cost what it may. If this throws, `place` is right nevertheless:
   * what has been seen need not be seen again.
   */
  async goOn(): Promise<void> {
    const { input } = this.place;
    let reached: Pick<SweepPlace, "input" | "after"> = this.place;
    let hasSeenOne = false;
    const container = this.#services.config.containers.input;
    const pages = this.#services.blobs.list(container, {
      from: input ?? undefined,
      pageSize: this.#limits.pageSize,
    });
    try {
      for await (const { blobs, next } of pages) {
        this.#pages++;
        // Not by order, which differs between accounts. If it is gone, the page is seen again.
        const seen = blobs.findIndex(({ name }) => name === reached.after) + 1;
        for (const blob of blobs.slice(seen)) {
          if (hasSeenOne && this.#isSpent()) return;
          if (!(await this.#look(blob, container))) return;
          reached = { ...reached, after: blob.name };
          this.hasMoved = true;
          hasSeenOne = true;
        }
        if (next === undefined) {
          this.isComplete = true;
          return;
        }
        reached = { input: next, after: null };
        this.hasMoved = true;
        if (this.#isSpent() || !this.#mayList()) return;
      }
    } finally {
      await this.#settle();
      this.place = { beganAt: this.place.beganAt, ...reached, output: this.#records.position ?? null };
    }
  }

  /** False if the records that tell what to do are still to be read. */
  async #look(blob: ListedBlob, container: string): Promise<boolean> {
    const { notBefore } = this.#services.config;
    if (isDirectory(blob.metadata) || (notBefore !== undefined && blob.lastModified < notBefore)) return true;
    const { name, eTag, lastModified } = blob;
    for (const workload of this.#services.config.workloads) {
      if (!accepts(workload, name)) continue;
      const recordName = resultNamesFor(workload, name).record;
      const isYoung = lastModified > this.#youngest;
      if (!isYoung && !(await this.#records.readUpTo(recordName, () => this.#mayListOneMore()))) return false;
      this.conversions++;
      if (isYoung) continue;
      const conversion = { workload: workload.name, source: { container, name, eTag } };
      const record = this.#records.find(recordName);
      if (record?.metadata[METADATA.sourceETag] === eTag) {
        this.#index?.sawRecord(conversion, record);
        continue;
      }
      this.#unsettled.push(conversion);
      this.#checks++;
      if (this.#unsettled.length >= AT_ONCE) await this.#settle();
    }
    return true;
  }

  #isSpent(): boolean {
    return this.#checks >= this.#limits.checks || this.#isLate();
  }

  #isLate(): boolean {
    return this.#services.now() > this.#deadline;
  }

  #mayList(): boolean {
    return this.#pages < this.#limits.pages && !this.#isLate();
  }

  #mayListOneMore(): boolean {
    if (!this.#mayList()) return false;
    this.#pages++;
    this.hasMoved = true;
    return true;
  }

  /** Checks the conversions without a record, all at once. */
  async #settle(): Promise<void> {
    const conversions = this.#unsettled;
    this.#unsettled = [];
    const { results, problems } = await tryEach(conversions, nameOf, async (conversion) => {
      const start = await startOnce(this.#services, this.#client, conversion);
      if (start === "alreadyKnown") this.#index?.sawRunning(conversion);
      return { name: nameOf(conversion), start };
    });
    this.started.push(...results.filter(({ start }) => start === "started").map(({ name }) => name));
    this.problems.push(...problems);
  }
}

function nameOf({ source }: Conversion): string {
  return source.name;
}
