import { test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { createMetrics } from "../../src/metrics.ts";
import type { Services } from "../../src/services.ts";
import type { World } from "./explore.ts";
import { explore } from "./explore.ts";
import type { Gate, ModelBlob } from "./modelStore.ts";
import { ModelStore } from "./modelStore.ts";
import { RewindableProcess, shortNameOf } from "./process.ts";
import { PublishingChecks } from "./publishingChecks.ts";
import type { Run, Scenario, Uploads, Version } from "./publishingRuns.ts";
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

const config = readConfig({ STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });
const { containers } = config;
const INPUT = { container: containers.input, name: VIDEO };
const ETAGS = { A: "version-A", B: "version-B", C: "version-C" };
const metrics = createMetrics();
const atOnce: Gate = async (_request, answer) => answer();

function servicesOf(store: ModelStore, gate: Gate): Services {
  const batch = { deleteTask: async () => {} } as unknown as Services["batch"];
  const [nodes, layout] = [{} as Services["nodes"], {} as Services["layout"]];
  const now = (): Date => new Date("2026-01-01T13:00:00.000Z");
  const companions = { find: async () => undefined };
  return { config, batch, nodes, layout, companions, messengers: {}, metrics, blobs: store.through(gate), now };
}

interface Saved {
  readonly contents: ModelStore["contents"];
  readonly newest: PublishingChecks["age"];
}

class PublishingWorld implements World<Saved> {
  readonly processes: readonly RewindableProcess[];
  readonly events: World<Saved>["events"];
  readonly eventsAreAbout = `${INPUT.container}/${INPUT.name}`;
  readonly #scenario: Scenario;
  readonly #store: ModelStore;
  #newest: PublishingChecks["age"];
  /** Those contents have been checked. */
  #checked: Saved["contents"] | undefined;

  constructor(scenario: Scenario, store: ModelStore) {
    this.#scenario = scenario;
    this.#store = store;
    this.#newest = this.#checks.age;
    this.processes = scenario.runs.map((run, index) => {
      const begin = (gate: Gate): Promise<unknown> => perform(servicesOf(this.#store, gate), uploadsOf(scenario), run);
      return new RewindableProcess(`${index + 1}. ${nameOf(run)}`, begin);
    });
    let current = VERSIONS.indexOf(scenario.input);
    this.events = (scenario.events ?? []).map((event) => {
      const next = event === "upload" ? VERSIONS[++current] : undefined;
      return () => this.#store.setInput(INPUT, next && ETAGS[next]);
    });
  }

  canStart(process: RewindableProcess, happened: number): boolean {
    const run = this.#runOf(process);
    return run !== undefined && canStart(run, this.#scenario, happened);
  }

  isPrivate(process: RewindableProcess, request: string, happened: number): boolean {
    if (request.includes(` ${INPUT.container}/`)) return happened === this.events.length;
    if (/\.log#|stderr\.txt#/.test(request) && !this.#scenario.isAboutLogs) return true;
    const others = this.processes
      .filter(({ state }) => state === "idle" || state === "running")
      .filter((other) => other !== process);
    const isShared = request.includes(` ${containers.output}/`);
    return others.every((other) => !isShared && this.#versionOf(other) !== this.#versionOf(process));
  }

  snapshot(): string {
    return [...this.#store.blobs]
      .map(([key, blob]) => shortNameOfBlob(key, blob))
      .toSorted()
      .join();
  }

  save(): Saved {
    return { contents: this.#store.contents, newest: this.#newest };
  }

  restore({ contents, newest }: Saved): void {
    this.#store.contents = contents;
    this.#newest = newest;
    this.#checked = contents;
  }

  check(): void {
    if (this.#store.contents === this.#checked) return;
    const checks = this.#checks;
    const { result, record } = checks.age;
    if (result < this.#newest.result) throw new Error("The result is older than one that was there, or is gone");
    if (record < this.#newest.record) throw new Error("The record is older than one that was there, or is gone");
    this.#newest = { result, record };
    checks.checkNow();
  }

  /** Whoever broke off is run again until it comes to its end, as the Durable extension does. */
  async settle(): Promise<void> {
    const told: unknown[] = [];
    for (const [index, run] of this.#scenario.runs.entries()) {
      const process = this.processes[index];
      const hasBrokenOff = process === undefined || process.hasBrokenOff;
      told.push(
        hasBrokenOff
          ? await performToTheEnd(servicesOf(this.#store, atOnce), uploadsOf(this.#scenario), run)
          : process.value,
      );
      this.check();
    }
    this.#checks.checkEnd(this.#scenario, told);
  }

  get #checks(): PublishingChecks {
    return new PublishingChecks(containers, ETAGS, this.#store.blobs);
  }

  #versionOf(process: RewindableProcess): Version | undefined {
    return this.#runOf(process)?.version;
  }

  #runOf(process: RewindableProcess): Run | undefined {
    return this.#scenario.runs[this.processes.indexOf(process)];
  }
}

const shortNames = new WeakMap<ModelBlob, string>();

function shortNameOfBlob(key: string, blob: ModelBlob): string {
  const { text, eTag, metadata } = blob;
  const name = shortNames.get(blob) ?? shortNameOf(JSON.stringify([key, text, eTag, metadata]));
  shortNames.set(blob, name);
  return name;
}

function uploadsOf({ areClocksWrong = false }: Scenario): Uploads {
  return { eTags: ETAGS, areClocksWrong };
}

/** The store when the runs begin. */
async function storeOf(scenario: Scenario): Promise<ModelStore> {
  const store = new ModelStore();
  const { before, input, runs } = scenario;
  const services = servicesOf(store, atOnce);
  const uploads = uploadsOf(scenario);
  const stage = (run: Run): void => {
    for (const file of stagedFiles(services, uploads, run)) store.write(file, { ...file, metadata: {} });
  };
  if (before !== undefined) {
    store.setInput(INPUT, ETAGS[before.version]);
    stage(before);
    await perform(services, uploads, before);
  }
  store.setInput(INPUT, ETAGS[input]);
  runs.forEach(stage);
  return store;
}

test.for(SCENARIOS.map((scenario) => [describe(scenario), scenario] as const))(
  "in every order of the requests: %s",
  async ([, scenario], { expect }) => {
    const store = await storeOf(scenario);
    const { endings } = await explore(new PublishingWorld(scenario, store));
    expect(endings).toBeGreaterThan(5);
  },
);
