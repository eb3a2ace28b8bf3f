import type { DurableClient } from "durable-functions";
import { test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";
import { INDEX_FOLDER, noteEnd, noteStart } from "../../src/results/conversionIndex.ts";
import type { Services } from "../../src/services.ts";
import { cleanUp } from "../../src/upkeep/cleanUp.ts";
import type { IndexReader } from "../../src/upkeep/indexWindow.ts";
import { createIndexReader } from "../../src/upkeep/indexWindow.ts";
import type { ListPage, ListQuery } from "../../src/upkeep/listConversions.ts";
import { FROM_THE_NEWEST, listConversions } from "../../src/upkeep/listConversions.ts";
import { retryAll } from "../../src/upkeep/retryAll.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { MemoryBlobs } from "./memoryBlobs.ts";

const APPLICATION = "application";
const NOW = new Date("2026-01-31T12:00:30.000Z");
const MINUTE_MS = 60_000;
const ALL: ListQuery = { limit: 200, place: FROM_THE_NEWEST };

interface Instance {
  readonly runtimeStatus: string;
  readonly startedAt?: string;
  readonly customStatus?: unknown;
  readonly output?: unknown;
}

class App {
  readonly blobs = new MemoryBlobs();
  readonly instances = new Map<string, Instance>();
  readonly asked: string[] = [];
  readonly startedAgain: { readonly id: string; readonly firstAttempt: number }[] = [];
  readonly services: Services;
  readonly client: DurableClient;
  now = NOW;
  milliseconds = 0;

  constructor() {
    const config = readConfig({ STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });
    const batch = { deleteOldJobs: async () => {}, listOldTasks: async function* () {} };
    this.services = { config, batch, blobs: this.blobs.store, now: () => this.now } as unknown as Services;
    this.client = {
      getStatus: async (id: string) => this.#status(id),
      getStatusBy: async () => [],
      startNew: async (
        _name: string,
        { instanceId, input }: { instanceId: string; input: { firstAttempt: number } },
      ) => {
        this.startedAgain.push({ id: instanceId, firstAttempt: input.firstAttempt });
        this.instances.set(instanceId, { runtimeStatus: "Running" });
      },
    } as unknown as DurableClient;
  }

  reader(options: { headSize?: number; pages?: number } = {}): IndexReader {
    return createIndexReader(this.services, { now: () => this.milliseconds, ...options });
  }

  list(query: Partial<ListQuery> = {}, reader = this.reader()): Promise<ListPage> {
    return listConversions(this.services, this.client, reader, { ...ALL, ...query });
  }

  /** A conversion that was started so many minutes ago. */
  async start(number: number, { name = `${number}.mp4`, minutesAgo = number }: StartOptions = {}): Promise<string> {
    const [id, startedAt] = [idOf(number), timeOf(minutesAgo)];
    const source = { container: "input", name, eTag: `0x${number}` };
    this.instances.set(id, { runtimeStatus: "Running", startedAt });
    await noteStart(this.services, { id, startedAt, workload: "mp3", source, attempt: 1 });
    return id;
  }

  async end(number: number, code: string | undefined, options: StartOptions = {}): Promise<string> {
    const id = await this.start(number, options);
    const record = recordOf(number, code, options);
    const output = { outcome: record.status, record };
    this.instances.set(id, { runtimeStatus: "Completed", startedAt: record.times.startedAt, output });
    await noteEnd(this.services, record, true);
    return id;
  }

  entries(): string[] {
    return this.blobs.names(APPLICATION).filter((name) => name.startsWith(INDEX_FOLDER));
  }

  #status(id: string): unknown {
    this.asked.push(id);
    const instance = this.instances.get(id);
    if (instance === undefined) throw new Error("HTTP 404");
    const { runtimeStatus, startedAt, customStatus = null, output = null } = instance;
    const input = { version: ORCHESTRATION_VERSION, workload: "mp3", source: SOURCE, startedAt };
    return {
      instanceId: id,
      runtimeStatus,
      createdTime: NOW,
      lastUpdatedTime: NOW,
      input,
      customStatus,
      output,
    };
  }
}

interface StartOptions {
  readonly name?: string;
  readonly minutesAgo?: number;
}

const SOURCE = { container: "input", name: "1.mp4", eTag: "0x1" };

function idOf(number: number): string {
  return number.toString(16).padStart(32, "0");
}

function timeOf(minutesAgo: number): string {
  return new Date(NOW.getTime() - minutesAgo * MINUTE_MS).toISOString();
}

function recordOf(
  number: number,
  code: string | undefined,
  { name = `${number}.mp4`, minutesAgo = number }: StartOptions = {},
): ConversionRecord {
  const status = code === undefined ? "succeeded" : code === "Cancelled" ? "cancelled" : "failed";
  const output = { container: "output", name: "x.mp3", url: "https://x", sizeBytes: 9 };
  return {
    schemaVersion: 1,
    status,
    conversionId: idOf(number),
    workload: "mp3",
    input: { container: "input", name, eTag: `0x${number}`, sizeBytes: 7 },
    output: code === undefined ? output : null,
    error: code === undefined ? null : { code, message: "m", hint: "h", logBlob: null },
    times: {
      startedAt: timeOf(minutesAgo),
      submittedAt: null,
      convertingAt: null,
      convertedAt: null,
      recordedAt: timeOf(minutesAgo),
    },
    attempts: 1,
    batch: null,
    tools: {},
  };
}

function names({ conversions }: ListPage): string[] {
  return conversions.map(({ input }) => input.name);
}

test("the newest upload comes first, and each says how it stands", async ({ expect }) => {
  const app = new App();
  await app.end(3, "NoAudioStream");
  await app.end(2, undefined, { name: "talks/intro.mp4" });
  const running = await app.start(1);
  const customStatus = { phase: "converting", percent: 40, waitReason: null, waitingSince: null, attempt: 2 };
  app.instances.set(running, { runtimeStatus: "Running", startedAt: timeOf(1), customStatus });

  const page = await app.list();

  expect(page.conversions).toMatchObject([
    { status: "running", phase: "converting", percent: 40, attempt: 2, endedAt: null, uploadedAt: timeOf(1) },
    {
      status: "succeeded",
      phase: "finished",
      endedAt: timeOf(2),
      sizeBytes: 7,
      output: { name: "talks/intro.mp3", sizeBytes: 9 },
      error: null,
    },
    { status: "failed", error: { code: "NoAudioStream", message: "m", hint: "h" }, output: null },
  ]);
  expect(page.counts).toEqual({ running: 1, succeeded: 1, failed: 1, cancelled: 0, isComplete: true });
  expect(page.next).toBeUndefined();
  expect(app.asked).toEqual([running]);
});

test("a filter selects by status, code, name and time of the upload", async ({ expect }) => {
  const app = new App();
  await app.end(1, "NoAudioStream", { name: "a/1.mp4" });
  await app.end(2, "FfmpegFailed", { name: "a/2.mp4" });
  await app.end(3, undefined, { name: "b/3.mp4" });
  await app.end(4, "Cancelled", { name: "a/4.mp4" });

  const listed = async (query: Partial<ListQuery>): Promise<string[]> => names(await app.list(query));

  expect(await listed({ statuses: ["failed", "cancelled"] })).toEqual(["a/1.mp4", "a/2.mp4", "a/4.mp4"]);
  expect(await listed({ code: "NoAudioStream" })).toEqual(["a/1.mp4"]);
  expect(await listed({ prefix: "b/" })).toEqual(["b/3.mp4"]);
  expect(await listed({ since: new Date(timeOf(2)) })).toEqual(["a/1.mp4", "a/2.mp4"]);
  expect(await listed({ statuses: ["running"] })).toEqual([]);
  expect((await app.list({ prefix: "a/", statuses: ["failed"] })).counts).toMatchObject({ failed: 2, cancelled: 1 });
});

test("pages go through all of it once, though uploads come and entries go meanwhile", async ({ expect }) => {
  const app = new App();
  for (let number = 1; number <= 25; number++) await app.end(number, undefined);
  const seen: string[] = [];
  let place = ALL.place;
  for (let round = 1; round <= 20; round++) {
    const page = await app.list({ limit: 4, place }, app.reader({ headSize: 5, pages: 1 }));
    seen.push(...names(page));
    if (page.next === undefined) break;
    place = page.next;
    await app.end(100 + round, undefined, { name: "late.mp4", minutesAgo: -round });
    app.blobs.remove(APPLICATION, app.entries()[round + 1] ?? "");
  }

  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.filter((name) => name !== "late.mp4").length).toBeGreaterThanOrEqual(20);
});

test("10,000 conversions are listed and counted with three requests, and no more for a second look", async ({
  expect,
}) => {
  const app = new App();
  for (let number = 1; number <= 10_000; number++) {
    await noteEnd(app.services, recordOf(number, number % 10 === 0 ? "NoAudioStream" : undefined), true);
  }
  const reader = app.reader();

  const first = await app.list({ limit: 50 }, reader);
  await app.list({ limit: 50, statuses: ["failed"] }, reader);

  expect(first.conversions).toHaveLength(50);
  expect(first.counts).toEqual({ running: 0, succeeded: 9_000, failed: 1_000, cancelled: 0, isComplete: true });
  expect(app.blobs.listed).toEqual({ [APPLICATION]: 3 });
  expect(app.asked).toEqual([]);

  app.milliseconds += 1_500;
  await app.end(10_001, undefined, { minutesAgo: 0 });
  expect(names(await app.list({ limit: 1 }, reader))).toEqual(["10001.mp4"]);
});

test("where there are too many to count, the counts say so, and the list goes on beyond them", async ({ expect }) => {
  const app = new App();
  for (let number = 1; number <= 6_000; number++) await noteEnd(app.services, recordOf(number, undefined), true);

  const page = await app.list({ prefix: "6000" }, app.reader({ headSize: 10, pages: 1 }));
  expect(page).toMatchObject({ conversions: [], counts: { succeeded: 0, isComplete: false } });
  const next = await app.list(
    { prefix: "6000", place: page.next ?? ALL.place },
    app.reader({ headSize: 10, pages: 1 }),
  );

  expect(names(next)).toEqual(["6000.mp4"]);
  expect(next.next).toBeUndefined();
});

test("the last hour is counted minute by minute, by the end of the conversions", async ({ expect }) => {
  const app = new App();
  await app.end(1, undefined, { minutesAgo: 0 });
  await app.end(2, undefined, { minutesAgo: 5 });
  await app.end(3, "FfmpegFailed", { minutesAgo: 5 });
  await app.end(4, "Cancelled", { minutesAgo: 5 });
  await app.end(5, undefined, { minutesAgo: 70 });

  const { minutes } = (await app.list()).lastHour;

  expect(minutes).toHaveLength(60);
  expect(minutes.at(-1)).toEqual({ at: "2026-01-31T12:00:00.000Z", succeeded: 1, failed: 0 });
  expect(minutes.at(-6)).toEqual({ at: "2026-01-31T11:55:00.000Z", succeeded: 1, failed: 1 });
  expect(minutes.reduce((sum, { succeeded, failed }) => sum + succeeded + failed, 0)).toBe(3);
});

test("an end that the index has missed is learned from Durable, shown, counted and written down", async ({
  expect,
}) => {
  const app = new App();
  const id = await app.start(1);
  const record = recordOf(1, "NoAudioStream");
  app.instances.set(id, { runtimeStatus: "Completed", output: { outcome: "failed", record } });
  const reader = app.reader();

  const page = await app.list({}, reader);
  await app.list({}, app.reader());

  expect(page.conversions).toMatchObject([{ status: "failed", error: { code: "NoAudioStream" } }]);
  expect(page.counts).toMatchObject({ running: 0, failed: 1 });
  expect(app.asked).toEqual([id]);
});

test("a superseded conversion leaves the list for good", async ({ expect }) => {
  const app = new App();
  const id = await app.start(1);
  app.instances.set(id, { runtimeStatus: "Completed", output: { outcome: "superseded", record: null } });

  const page = await app.list();

  expect(page).toMatchObject({ conversions: [], counts: { running: 0 } });
  expect(app.entries()).toEqual([]);
});

test("an orchestration that an operator terminated is cancelled at once, though its record comes later", async ({
  expect,
}) => {
  const app = new App();
  app.instances.set(await app.start(1), { runtimeStatus: "Terminated" });

  expect((await app.list()).conversions).toMatchObject([{ status: "cancelled", error: { code: "Cancelled" } }]);
  expect(app.entries()).toHaveLength(1);
});

test("a start that was noted but never happened is shown for a while, and then forgotten", async ({ expect }) => {
  const app = new App();
  app.instances.delete(await app.start(1, { minutesAgo: 1 }));
  app.instances.delete(await app.start(2, { minutesAgo: 20 }));

  expect((await app.list()).conversions).toMatchObject([{ id: idOf(1), status: "running", phase: "preparing" }]);
  expect(app.entries()).toHaveLength(1);
});

test("of two starts at the same moment only the one that succeeded stays in the list", async ({ expect }) => {
  const app = new App();
  await app.start(1, { minutesAgo: 2 });
  const id = await app.start(1, { minutesAgo: 1 });
  expect(app.entries()).toHaveLength(2);

  expect((await app.list()).conversions).toMatchObject([{ id, uploadedAt: timeOf(1) }]);
  expect(app.entries()).toHaveLength(1);
});

test("a conversion that cannot be asked about is shown as the index has it", async ({ expect }) => {
  const app = new App();
  await app.start(1);
  const client = { getStatus: () => Promise.reject(new Error("HTTP 500")) } as unknown as DurableClient;

  const page = await listConversions(app.services, client, app.reader(), ALL);

  expect(page.conversions).toMatchObject([{ status: "running", waitReason: "it does not answer at the moment" }]);
});

test("those that failed are run again once, however often that is asked for", async ({ expect }) => {
  const app = new App();
  await app.end(1, "NoAudioStream");
  await app.end(2, "FfmpegFailed");
  await app.end(3, undefined);
  await app.end(4, "Cancelled");
  app.instances.delete(await app.end(5, "NoAudioStream"));
  const reader = app.reader();
  const retried = (filter: { code?: string }) => retryAll(app.services, app.client, reader, filter, ALL.place);

  expect(await retried({ code: "NoAudioStream" })).toEqual({
    started: 1,
    ids: [idOf(1)],
    refused: [{ id: idOf(5), code: "ConversionNotFound" }],
    next: undefined,
  });
  expect(await retried({})).toMatchObject({ started: 1, ids: [idOf(2)] });
  expect(await retried({})).toMatchObject({ started: 0, ids: [] });
  expect(await retried({ code: "Cancelled" })).toMatchObject({ ids: [idOf(4)] });
  expect(app.startedAgain.map(({ firstAttempt }) => firstAttempt)).toEqual([2, 2, 2]);
});

test("a request runs a hundred again, and says where the next one goes on", async ({ expect }) => {
  const app = new App();
  for (let number = 1; number <= 150; number++) await app.end(number, "FfmpegFailed");
  const reader = app.reader();

  const first = await retryAll(app.services, app.client, reader, {}, ALL.place);
  const second = await retryAll(app.services, app.client, reader, {}, first.next ?? ALL.place);

  expect([first.started, second.started, second.next]).toEqual([100, 50, undefined]);
});

/** The blobs of a conversion that has ended, as the sweep finds them. */
function leave(app: App, number: number, minutesAgo: number): void {
  const name = `${number}.mp4`;
  const eTag = app.blobs.put("input", name);
  const record = {
    ...recordOf(number, undefined, { minutesAgo }),
    input: { container: "input", name, eTag, sizeBytes: 7 },
  };
  const { result, record: recordName } = resultNamesFor(mp3, name);
  const metadata = { sourceetag: eTag, conversionid: idOf(number), attempt: "1", startedat: timeOf(minutesAgo) };
  app.blobs.put("output", result);
  app.blobs.put("output", recordName, { text: JSON.stringify(record), metadata });
}

test("the sweep adds conversions from before there was an index, of the retention time, and each once", async ({
  expect,
}) => {
  const app = new App();
  for (let number = 1; number <= 600; number++) leave(app, number, number);
  leave(app, 700, 31 * 24 * 60);

  await sweep(app.services, app.client);
  expect(app.entries()).toHaveLength(500);
  await sweep(app.services, app.client);
  const listed = app.entries();
  await sweep(app.services, app.client);

  expect(listed).toHaveLength(600);
  expect(app.entries()).toEqual(listed);
  expect((await app.list()).counts).toMatchObject({ succeeded: 600 });
});

test("the sweep corrects what nobody lists", async ({ expect }) => {
  const app = new App();
  const id = await app.start(20);
  app.instances.set(id, {
    runtimeStatus: "Completed",
    output: { outcome: "failed", record: recordOf(20, "NodeLost") },
  });
  app.instances.delete(await app.start(30));

  const { problems } = await sweep(app.services, app.client);

  expect(problems).toEqual([]);
  app.asked.length = 0;
  expect(await app.list()).toMatchObject({ conversions: [{ id, status: "failed" }], counts: { running: 0 } });
  expect(app.asked).toEqual([]);
});

test("the clean-up removes entries of conversions that ended long ago, and no others", async ({ expect }) => {
  const app = new App();
  const day = 24 * 60;
  await app.end(1, undefined, { minutesAgo: 40 * day });
  const alive = await app.start(2, { minutesAgo: 40 * day });
  app.instances.delete(await app.start(3, { minutesAgo: 40 * day }));
  const young = await app.end(4, undefined, { minutesAgo: 20 * day });

  const { problems } = await cleanUp(app.services, app.client);

  expect(problems).toEqual([]);
  expect(app.entries().map((name) => name.slice(-32))).toEqual([young, alive]);
});
