import { test } from "vitest";
import type { PublishInput } from "../../src/activities/publish.ts";
import { publish } from "../../src/activities/publish.ts";
import { recordFailure } from "../../src/activities/recordFailure.ts";
import { readConfig } from "../../src/config.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { ConflictError } from "../../src/model/errors.ts";
import { failureOf } from "../../src/model/failures.ts";
import type { Failure } from "../../src/model/failures.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import type { Decision } from "../../src/results/decision.ts";
import { stagedBlobs } from "../../src/results/staging.ts";
import { METADATA } from "../../src/results/targets.ts";
import type { Services } from "../../src/services.ts";
import type { World } from "./explore.ts";
import { Process, explore, shortNameOf } from "./explore.ts";
import type { Gate } from "./modelStore.ts";
import { ModelStore } from "./modelStore.ts";

/** Versions of one video, in the order in which they are uploaded. */
const VERSIONS = ["A", "B", "C"] as const;
type Version = (typeof VERSIONS)[number];

interface Run {
  readonly activity: "publish" | "recordFailure";
  readonly version: Version;
  readonly attempt?: number;
}

interface Scenario {
  /** What has come to its end before: nothing if not given. */
  readonly before?: Run;
  /** The version in the input container when the runs begin. */
  readonly input: Version;
  readonly runs: readonly [Run, Run];
  /** What becomes of the input, at any moment: the next version is uploaded, or the video is deleted. */
  readonly events?: readonly ("upload" | "delete")[];
  /** Whether the order matters in which the log is dealt with. */
  readonly isAboutLogs?: boolean;
}

const config = readConfig({ STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });
const { containers } = config;
const INPUT = { container: containers.input, name: "talk.mp4" };
const RESULT = `${containers.output}/talk.mp3`;
const RECORD = `${RESULT}.json`;
const LOG = `${RESULT}.log`;
const atOnce: Gate = async (_request, answer) => answer();
const ETAGS = { A: "version-A", B: "version-B", C: "version-C" };

function servicesOf(store: ModelStore, gate: Gate): Services {
  const batch = { terminateTask: async () => {}, deleteTask: async () => {} } as unknown as Services["batch"];
  const layout = {} as Services["layout"];
  return { config, batch, layout, blobs: store.through(gate), now: () => new Date("2026-01-01T13:00:00.000Z") };
}

function inputOf({ version, attempt = 1 }: Run): PublishInput {
  const source = { ...INPUT, eTag: ETAGS[version] };
  const conversionId = conversionIdOf("mp3", source);
  return {
    conversionId,
    workload: "mp3",
    source,
    attempt,
    startedAt: `2026-01-01T12:0${VERSIONS.indexOf(version)}:00.000Z`,
    submission: {
      task: { poolId: "p", jobId: "j", taskId: `${conversionId}-${attempt}` },
      submittedAt: "2026-01-01T12:10:00.000Z",
      waitingSeconds: 60,
      convertingSeconds: 60,
      accessUntil: "2026-01-02T00:00:00.000Z",
    },
    completed: {
      state: "completed",
      succeeded: true,
      exitCode: 0,
      failure: null,
      startedAt: "2026-01-01T12:20:00.000Z",
      endedAt: "2026-01-01T12:30:00.000Z",
      nodeId: "n",
    },
  };
}

function resultOf({ version, attempt = 1 }: Run): string {
  return `MP3 of ${version}, attempt ${attempt}`;
}

/** As the task leaves it: its files in the staging container. */
function stage(store: ModelStore, run: Run): void {
  const { conversionId, attempt } = inputOf(run);
  const staged = stagedBlobs(containers.staging, conversionId, attempt);
  const text = resultOf(run);
  const report = {
    outcome: "Converted",
    resultBytes: text.length,
    streamIndex: 1,
    source: { streams: [{ index: 1, duration: "3.0" }], format: { duration: "3.0" } },
    result: { format: { duration: "3.0", bit_rate: "192000" } },
  };
  store.write(staged.result, { text, contentType: "audio/mpeg", metadata: {} });
  store.write(staged.report, { text: JSON.stringify(report), contentType: "application/json", metadata: {} });
  store.write(staged.stderr, { text: `log of ${version(run)}`, contentType: "text/plain", metadata: {} });
}

function version({ version: letter, attempt = 1 }: Run): string {
  return `${letter}${attempt}`;
}

/** Runs the activity as the orchestration does: what it rejects is recorded as a failure. */
async function perform(services: Services, run: Run, failure: Failure = failureOf("Cancelled")): Promise<string> {
  const input = inputOf(run);
  if (run.activity === "recordFailure") return (await recordFailure(services, { ...input, failure })).status;
  const published = await publish(services, input);
  return published.status === "rejected"
    ? perform(services, { ...run, activity: "recordFailure" }, published.failure)
    : published.status;
}

class PublishingWorld implements World {
  readonly processes: readonly Process[];
  readonly events: World["events"];
  readonly eventsAreAbout = `${INPUT.container}/${INPUT.name}`;
  readonly #scenario: Scenario;
  readonly #store: ModelStore;
  #newestResult: number;
  #newestRecord: number;

  constructor(scenario: Scenario, before: ModelStore) {
    this.#scenario = scenario;
    this.#store = before.copy();
    this.processes = scenario.runs.map(
      (run, index) =>
        new Process(`${index + 1}. ${run.activity} ${version(run)}`, (gate) =>
          perform(servicesOf(this.#store, gate), run),
        ),
    );
    let current = VERSIONS.indexOf(scenario.input);
    this.events = (scenario.events ?? []).map((event) => {
      const next = event === "upload" ? VERSIONS[++current] : undefined;
      return () => this.#store.setInput(INPUT, next && ETAGS[next]);
    });
    this.#newestResult = this.#versionAt(RESULT);
    this.#newestRecord = this.#versionAt(RECORD);
  }

  canStart(process: Process, happened: number): boolean {
    const run = this.#scenario.runs[this.processes.indexOf(process)];
    const uploaded = (this.#scenario.events ?? []).slice(0, happened).filter((event) => event === "upload").length;
    return run !== undefined && VERSIONS.indexOf(run.version) <= VERSIONS.indexOf(this.#scenario.input) + uploaded;
  }

  isPrivate(process: Process, request: string, happened: number): boolean {
    if (request.includes(` ${INPUT.container}/`)) return happened === this.events.length;
    if (/\.log#|stderr\.txt#|stdout\.txt#/.test(request) && !this.#scenario.isAboutLogs) return true;
    const others = this.processes.filter(
      (other) => other !== process && other.state !== "ended" && other.state !== "crashed",
    );
    const isShared = request.includes(` ${containers.output}/`);
    return others.every((other) => !isShared && this.#versionOf(other) !== this.#versionOf(process));
  }

  #versionOf(process: Process): Version | undefined {
    return this.#scenario.runs[this.processes.indexOf(process)]?.version;
  }

  snapshot(): string {
    return [...this.#store.blobs]
      .map(
        ([key, { text, eTag, metadata }]) =>
          `${key} ${eTag} ${shortNameOf(text)} ${shortNameOf(JSON.stringify(metadata))}`,
      )
      .toSorted()
      .join("\n");
  }

  check(): void {
    const [result, record] = [this.#versionAt(RESULT), this.#versionAt(RECORD)];
    if (result < this.#newestResult) throw new Error("The result is older than one that was there, or is gone");
    if (record < this.#newestRecord) throw new Error("The record is older than one that was there, or is gone");
    this.#newestResult = result;
    this.#newestRecord = record;
    if (this.#recorded()?.status === "succeeded" && result < record) {
      throw new Error("The record of a success stands beside the result of an older version, or of none");
    }
    if (result > record && this.#recorded()?.status === "succeeded" && !this.#isDecidedGood()) {
      throw new Error("The result of a newer version has replaced one, and nothing says that it will be recorded");
    }
  }

  /** Whoever broke off is run again until it comes to its end, as the Durable extension does. */
  async settle(): Promise<void> {
    for (const [index, run] of this.#scenario.runs.entries()) {
      const process = this.processes[index];
      if (process?.state === "ended" && process.error === undefined) continue;
      for (let tries = 1; ; tries++) {
        try {
          await perform(servicesOf(this.#store, atOnce), run);
          break;
        } catch (error) {
          if (!(error instanceof ConflictError) || tries === 3) throw error;
        }
      }
      this.check();
    }
    this.#checkEnd();
  }

  #checkEnd(): void {
    const record = this.#recorded();
    if (record === undefined) {
      if (this.#mustBeRecorded().length > 0) throw new Error("There is no record at the end");
      return;
    }
    const must = this.#mustBeRecorded();
    if (must.length > 0 && !must.includes(record.input.eTag)) {
      throw new Error(`The record at the end is of ${record.input.eTag}, not of ${must.join(" or ")}`);
    }
    const result = this.#store.blobs.get(RESULT);
    const isOfRecord = result?.metadata[METADATA.conversionId] === record.conversionId;
    if (record.error !== null) {
      if (isOfRecord) throw new Error("A result stands beside the record of its failure");
      const isLogThere = this.#store.blobs.get(LOG)?.metadata[METADATA.conversionId] === record.conversionId;
      if (isLogThere !== (record.error.logBlob !== null)) throw new Error("The record does not tell where the log is");
      return;
    }
    const expected = resultOf({ activity: "publish", version: letterOf(record.input.eTag), attempt: record.attempts });
    if (!isOfRecord || result?.text !== expected) {
      throw new Error(`The record of a success stands beside "${result?.text}" instead of "${expected}"`);
    }
  }

  /** The ETag of the version whose conversion must have left the record; none if it has never been started. */
  #mustBeRecorded(): string[] {
    const current = this.#store.blobs.get(`${INPUT.container}/${INPUT.name}`)?.eTag;
    const started = [...this.#scenario.runs, ...(this.#scenario.before ? [this.#scenario.before] : [])].map(
      (run) => ETAGS[run.version],
    );
    if (current !== undefined) return started.filter((eTag) => eTag === current);
    return started.toSorted().slice(-1);
  }

  #recorded(): ConversionRecord | undefined {
    const blob = this.#store.blobs.get(RECORD);
    return blob && (JSON.parse(blob.text) as ConversionRecord);
  }

  #isDecidedGood(): boolean {
    const id = this.#store.blobs.get(RESULT)?.metadata[METADATA.conversionId];
    const decision = this.#store.blobs.get(`${containers.staging}/${id}/decision.json`);
    return decision !== undefined && (JSON.parse(decision.text) as Decision).result !== null;
  }

  /** Later versions, and later attempts at the same version, have greater numbers; 0 if there is no such blob. */
  #versionAt(key: string): number {
    const metadata = this.#store.blobs.get(key)?.metadata;
    if (metadata === undefined) return 0;
    return (
      10 * (1 + VERSIONS.indexOf(letterOf(metadata[METADATA.sourceETag] ?? ""))) + Number(metadata[METADATA.attempt])
    );
  }
}

function letterOf(eTag: string): Version {
  return eTag.at(-1) as Version;
}

async function startOf({ before, input, runs }: Scenario): Promise<ModelStore> {
  const store = new ModelStore();
  if (before !== undefined) {
    store.setInput(INPUT, ETAGS[before.version]);
    stage(store, before);
    await perform(servicesOf(store, atOnce), before);
  }
  store.setInput(INPUT, ETAGS[input]);
  for (const run of runs) stage(store, run);
  return store;
}

function describe({ before, input, runs, events = [], isAboutLogs = false }: Scenario): string {
  const past = before === undefined ? "nothing before" : `after ${before.activity} ${version(before)}`;
  return `${runs.map((run) => `${run.activity} ${version(run)}`).join(" with ")}, ${past}, input ${[input, ...events].join(", ")}${isAboutLogs ? ", with logs" : ""}`;
}

const ACTIVITIES = ["publish", "recordFailure"] as const;
const SAME_VERSION = [
  ["publish", "publish"],
  ["publish", "recordFailure"],
  ["recordFailure", "recordFailure"],
] as const;
const BEFORE: readonly (Run | undefined)[] = [undefined, { activity: "publish", version: "A" }];

const SCENARIOS: readonly Scenario[] = BEFORE.flatMap((before) => {
  const past = before === undefined ? {} : { before };
  const sameVersion = SAME_VERSION.flatMap(([first, second]) =>
    [[], ["upload"], ["delete"]].map((events) => ({
      ...past,
      input: "B" as const,
      runs: [
        { activity: first, version: "B" },
        { activity: second, version: "B" },
      ] as const,
      events: events as Scenario["events"] & object,
    })),
  );
  const twoVersions = ACTIVITIES.flatMap((first) =>
    ACTIVITIES.flatMap((second) =>
      [["upload"], ["upload", "delete"]].map((events) => ({
        ...past,
        input: "B" as const,
        runs: [
          { activity: first, version: "B" },
          { activity: second, version: "C" },
        ] as const,
        events: events as Scenario["events"] & object,
      })),
    ),
  );
  const twoAttempts = ACTIVITIES.flatMap((first) =>
    ACTIVITIES.map((second) => ({
      ...past,
      input: "B" as const,
      runs: [
        { activity: first, version: "B", attempt: 1 },
        { activity: second, version: "B", attempt: 2 },
      ] as const,
    })),
  );
  const logs = {
    ...past,
    input: "B" as const,
    runs: [
      { activity: "recordFailure", version: "B" },
      { activity: "recordFailure", version: "B" },
    ] as const,
    isAboutLogs: true,
  };
  return [...sameVersion, ...twoVersions, ...twoAttempts, logs];
});

test.for(SCENARIOS.map((scenario) => [describe(scenario), scenario] as const))(
  "every order of %s",
  async ([, scenario], { expect }) => {
    const before = await startOf(scenario);
    const { endings } = await explore(() => new PublishingWorld(scenario, before));
    expect(endings).toBeGreaterThan(10);
  },
);
