import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { test } from "vitest";
import { normalizeETag } from "../../src/model/conversion.ts";
import type { BlobAddress, BlobStore } from "../../src/services.ts";
import type { AzuriteServices } from "../azuriteServices.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";
import type { Gate } from "./modelStore.ts";
import { Process } from "./process.ts";
import { PublishingChecks } from "./publishingChecks.ts";
import type { Scenario, Uploads, Version } from "./publishingRuns.ts";
import {
  VERSIONS,
  VIDEO,
  canStart,
  describe,
  nameOf,
  perform,
  performToTheEnd,
  stagedFiles,
} from "./publishingRuns.ts";
import { SCENARIOS } from "./publishingScenarios.ts";

const SAMPLES = 25;
const SEED = 14;
/** A process breaks off at about every twentieth step. */
const CRASH_BELOW = 0.05;

const azurite = useAzurite();

/** The store, whose requests pass the gate. */
function gated(blobs: BlobStore, gate: Gate): BlobStore {
  const methods = Object.entries(blobs).map(([name, method]: [string, (...args: unknown[]) => unknown]) => [
    name,
    name === "url" || name === "list" ? method : (...args: unknown[]) => gate(name, () => method(...args)),
  ]);
  return Object.fromEntries(methods) as BlobStore;
}

/** A storage account of its own for each sample. */
class Sample {
  readonly #scenario: Scenario;
  readonly #storage: AzuriteServices;
  readonly #eTags: Partial<Record<Version, string>> = {};
  readonly #told: unknown[] = [];

  constructor(scenario: Scenario, storage: AzuriteServices) {
    this.#scenario = scenario;
    this.#storage = storage;
  }

  /** The shares choose what comes next, one after the other. */
  async play(nextShare: () => number): Promise<void> {
    const { before, input, runs, events = [] } = this.#scenario;
    const { services } = this.#storage;
    if (before !== undefined) {
      await this.#upload(before.version);
      await perform(services, this.#uploads, before);
    }
    await this.#upload(input);
    const processes = runs.map((run) => {
      const begin = (gate: Gate): Promise<unknown> =>
        perform({ ...services, blobs: gated(services.blobs, gate) }, this.#uploads, run);
      return new Process(nameOf(run), begin);
    });
    let happened = 0;
    for (;;) {
      for (const [index, run] of runs.entries()) {
        const process = processes[index];
        if (process?.state === "idle" && canStart(run, this.#scenario, happened)) process.start();
      }
      await setImmediate();
      const waiting = processes.filter(({ requests }) => requests.length > 0);
      if (waiting.length === 0 && happened === events.length) break;
      const chosen = waiting[Math.floor(nextShare() * (waiting.length + (happened < events.length ? 1 : 0)))];
      if (chosen === undefined) await this.#happen(events[happened++]);
      else if (nextShare() < CRASH_BELOW) chosen.crash();
      else await settled(chosen.letThrough(Math.floor(nextShare() * chosen.requests.length)));
    }
    if (processes.some(({ state }) => state === "running")) throw new Error("A run has come to no end");
    for (const [index, run] of runs.entries()) {
      const process = processes[index];
      const hasBrokenOff = process === undefined || process.hasBrokenOff;
      this.#told.push(hasBrokenOff ? await performToTheEnd(services, this.#uploads, run) : process.value);
    }
  }

  async check(): Promise<void> {
    const { containers } = this.#storage.services.config;
    const blobs = new Map<string, { text: string; eTag: string; metadata: Record<string, string> }>();
    for (const container of Object.values(containers)) {
      for await (const page of this.#storage.services.blobs.list(container)) {
        for (const { name, metadata, eTag } of page.blobs) {
          const { text = "" } = (await this.#storage.services.blobs.readText({ container, name })) ?? {};
          blobs.set(`${container}/${name}`, { text, eTag, metadata: { ...metadata } });
        }
      }
    }
    const checks = new PublishingChecks(containers, this.#eTags, blobs);
    checks.checkNow();
    checks.checkEnd(this.#scenario, this.#told);
  }

  async #happen(event: "upload" | "delete" | undefined): Promise<void> {
    if (event === "delete") return this.#storage.services.blobs.delete(this.#video);
    const next = VERSIONS[Object.keys(this.#eTags).length + (this.#eTags.A === undefined ? 1 : 0)];
    if (next !== undefined) await this.#upload(next);
  }

  /** Uploads a version of the video, and stages what the tasks of its runs would leave. */
  async #upload(version: Version): Promise<void> {
    const { account, services } = this.#storage;
    const blob = account.getContainerClient(this.#video.container).getBlockBlobClient(VIDEO);
    const { etag = "" } = await blob.upload(version, version.length);
    this.#eTags[version] = normalizeETag(etag);
    const { before, runs } = this.#scenario;
    for (const run of [...(before ? [before] : []), ...runs].filter((candidate) => candidate.version === version)) {
      for (const file of stagedFiles(services, this.#uploads, run)) {
        await services.blobs.writeText(file, file.text, { contentType: file.contentType });
      }
    }
  }

  get #uploads(): Uploads {
    return { eTags: this.#eTags, areClocksWrong: this.#scenario.areClocksWrong ?? false };
  }

  get #video(): BlobAddress {
    return { container: this.#storage.services.config.containers.input, name: VIDEO };
  }
}

async function settled(answer: unknown): Promise<void> {
  await Promise.allSettled([answer]);
}

test("the real store keeps what is promised, in a sample of all orders of the requests", async ({ expect }) => {
  const orders = fc.record({
    scenario: fc.constantFrom(...SCENARIOS),
    shares: fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
  });
  const played = new Set<string>();
  await fc.assert(
    fc.asyncProperty(orders, async ({ scenario, shares }) => {
      const sample = new Sample(scenario, await azuriteServices(azurite.connectionString));
      await sample.play(() => shares.next().value ?? 0);
      await sample.check();
      played.add(describe(scenario));
    }),
    { numRuns: SAMPLES, seed: SEED, endOnFailure: true },
  );
  expect(played.size).toBeGreaterThan(1);
});
