import type { DurableClient } from "durable-functions";
import fc from "fast-check";
import { test } from "vitest";
import { readConfig } from "../../src/config.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import { noteStart } from "../../src/results/conversionIndex.ts";
import { accepts } from "../../src/workloads/workload.ts";
import type { Services } from "../../src/services.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { PLACE_BLOB } from "../../src/upkeep/sweepPlace.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { MemoryBlobs, ORDERS } from "./memoryBlobs.ts";

const [INPUT, OUTPUT, APPLICATION] = ["input", "output", "application"];
const NOW = new Date("2026-01-01T12:00:00.000Z");

/** What the index says of a conversion that has just been started. */
const STARTED = {
  startedAt: NOW.toISOString(),
  workload: "mp3",
  source: { container: INPUT, name: "a.mp4", eTag: "0x1" },
  attempt: 1,
};

/** An app with a storage account and a task hub in memory. */
function play(blobs = new MemoryBlobs()): {
  blobs: MemoryBlobs;
  services: Services;
  client: DurableClient;
  /** Ids that a status was asked for, as often as it was. */
  asked: string[];
  /** Ids that were started, as often as they were. */
  started: string[];
} {
  const config = readConfig({ STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });
  const asked: string[] = [];
  const started: string[] = [];
  const client = {
    getStatus: async (id: string) => {
      asked.push(id);
      if (!started.includes(id)) throw new Error("HTTP 404");
      return { instanceId: id, runtimeStatus: "Running" };
    },
    startNew: async (_name: string, { instanceId }: { instanceId: string }) => {
      started.push(instanceId);
      return instanceId;
    },
  } as unknown as DurableClient;
  return { blobs, services: { config, blobs: blobs.store, now: () => NOW } as Services, client, asked, started };
}

function upload(blobs: MemoryBlobs, name: string, { isRecorded = false } = {}): string {
  const eTag = blobs.put(INPUT, name);
  if (isRecorded && accepts(mp3, name)) {
    const { result, record } = resultNamesFor(mp3, name);
    blobs.put(OUTPUT, result);
    blobs.put(OUTPUT, record, { metadata: { sourceetag: eTag } });
  }
  return conversionIdOf("mp3", { container: INPUT, name, eTag });
}

function numbered(index: number): string {
  return `${String(index).padStart(6, "0")}.mp4`;
}

test("a round of 10,000 recorded blobs costs one request for each 5,000 names, and leaves no place to go on from", async ({
  expect,
}) => {
  const { blobs, services, client, asked } = play();
  for (let index = 0; index < 10_000; index++) upload(blobs, numbered(index), { isRecorded: true });

  const swept = await sweep(services, client);

  expect(swept).toEqual({ conversions: 10_000, started: [], problems: [], roundBeganAt: NOW, isRoundComplete: true });
  expect(blobs.listed).toEqual({ application: 1, input: 2, output: 4 });
  expect(asked).toEqual([]);
  expect(blobs.names(APPLICATION)).toEqual([]);
});

test("blobs from before NOT_BEFORE are left alone", async ({ expect }) => {
  const { blobs, services, client, asked, started } = play();
  const notBefore = new Date("2026-01-01T10:00:00.000Z");
  blobs.put(INPUT, "old.mp4", { lastModified: new Date(notBefore.getTime() - 1_000) });
  const eTag = blobs.put(INPUT, "new.mp4", { lastModified: notBefore });

  const swept = await sweep({ ...services, config: { ...services.config, notBefore } }, client);

  expect(swept).toMatchObject({ conversions: 1, started: ["new.mp4"] });
  const id = conversionIdOf("mp3", { container: INPUT, name: "new.mp4", eTag });
  expect([asked, started]).toEqual([[id], [id]]);
});

test("of 4,000 conversions that are all running, each run asks for 2,000, and two ask for all", async ({ expect }) => {
  const { blobs, services, client, asked, started } = play();
  const names = Array.from({ length: 4_000 }, (_, index) => numbered(index));
  const ids = names.map((name) => upload(blobs, name));
  for (const id of ids) await noteStart(services, { ...STARTED, id });
  Object.assign(started, { includes: () => true });

  for (let run = 1; run <= 2; run++) {
    const { conversions } = await sweep(services, client);
    expect([conversions, asked.length]).toEqual([2_000, run * 2_000]);
  }

  expect(new Set(asked)).toEqual(new Set(ids));
});

test("a round of 200 pages of blobs takes eleven runs, and each lists 60 pages at most", async ({ expect }) => {
  const { blobs, services, client, started } = play();
  const limits = { pageSize: 5, pages: 60, checks: 20 };
  const missed: string[] = [];
  for (let index = 0; index < 1_000; index++) {
    const isRecorded = index % 100 !== 99;
    const id = upload(blobs, numbered(index), { isRecorded });
    if (!isRecorded) missed.push(id);
  }

  let runs = 0;
  for (let isComplete = false; !isComplete && runs < 20; runs++) {
    const before = (blobs.listed[INPUT] ?? 0) + (blobs.listed[OUTPUT] ?? 0);
    isComplete = (await sweep(services, client, limits)).isRoundComplete;
    expect((blobs.listed[INPUT] ?? 0) + (blobs.listed[OUTPUT] ?? 0) - before).toBeLessThanOrEqual(60);
  }

  expect(runs).toBe(11);
  expect(started.toSorted()).toEqual(missed.toSorted());
});

/** Names around which orders differ, and whose records are in another order than they are. */
const awkwardName = fc
  .array(fc.constantFrom("a", "b", "A", "/", "-", ".", "0", "~", "ü", "日", "😀", "\uFF01", "mp3", ".mp3"), {
    minLength: 1,
    maxLength: 4,
  })
  .chain((parts) => fc.constantFrom(".mp4", ".MP4", ".mp4", ".txt").map((suffix) => parts.join("") + suffix));

test("every name that stays is seen in the round, whatever the names, their order, and what comes and goes", async ({
  expect,
}) => {
  const files = fc.uniqueArray(fc.record({ name: awkwardName, isRecorded: fc.boolean(), isDeleted: fc.boolean() }), {
    maxLength: 40,
    selector: ({ name }) => name,
  });
  const limits = fc.record({ pageSize: fc.integer({ min: 1, max: 4 }), pages: fc.integer({ min: 10, max: 12 }) });
  const order = fc.constantFrom(...Object.values(ORDERS));
  await fc.assert(
    fc.asyncProperty(files, limits, fc.integer({ min: 1, max: 5 }), order, async (all, bounds, checks, byName) => {
      const { blobs, services, client, started } = play(new MemoryBlobs(byName));
      const deleted = all.filter(({ isDeleted }) => isDeleted);
      const missed: string[] = [];
      for (const { name, isRecorded, isDeleted } of all) {
        const id = upload(blobs, name, { isRecorded });
        if (accepts(mp3, name) && !isRecorded && !isDeleted) missed.push(id);
      }

      let runs = 0;
      for (let isComplete = false; !isComplete; runs++) {
        expect(runs).toBeLessThanOrEqual(all.length + 1);
        isComplete = (await sweep(services, client, { ...bounds, checks })).isRoundComplete;
        const goes = deleted.pop();
        if (goes !== undefined) blobs.remove(INPUT, goes.name);
        if (runs % 2 === 0) upload(blobs, `a-new/${runs}.txt`);
      }

      expect(started).toEqual(expect.arrayContaining(missed));
      expect(new Set(started).size).toBe(started.length);
    }),
  );
});

test("output that holds much else takes its runs, too, but they get on", async ({ expect }) => {
  const { blobs, services, client, started } = play();
  for (let index = 0; index < 500; index++) blobs.put(OUTPUT, `a/${numbered(index)}`);
  upload(blobs, "b.mp4", { isRecorded: true });
  const missed = upload(blobs, "c.mp4");
  const limits = { pageSize: 10, pages: 10, checks: 10 };

  let runs = 1;
  while (!(await sweep(services, client, limits)).isRoundComplete && runs < 20) runs++;

  expect([runs, started]).toEqual([8, [missed]]);
});

test.for([
  ["no JSON", "{"],
  ["nothing", ""],
  ["null", "null"],
  ["a list", "[]"],
  ["no time", JSON.stringify({ beganAt: "soon", input: null, after: null, output: null })],
  ["numbers", JSON.stringify({ beganAt: NOW, input: 1, after: null, output: null })],
  ["a part", JSON.stringify({ beganAt: NOW, input: null })],
] as const)("where the place to go on from is damaged, %s, a round begins", async ([_what, text], { expect }) => {
  const { blobs, services, client, started } = play();
  const missed = upload(blobs, "a.mp4");
  blobs.put(APPLICATION, PLACE_BLOB, { text });

  expect((await sweep(services, client)).isRoundComplete).toBe(true);

  expect(started).toEqual([missed]);
  expect(blobs.find(APPLICATION, PLACE_BLOB)).toBeUndefined();
});

test("where the service refuses the page to go on with, a round begins in the same run", async ({ expect }) => {
  const { blobs, services, client } = play();
  for (let index = 0; index < 10; index++) upload(blobs, numbered(index));
  await sweep(services, client, { pageSize: 4, pages: 10, checks: 5 });
  const later = { ...services, now: () => new Date("2026-01-01T12:05:00.000Z") };
  blobs.refusesTokens = true;

  const limits = { pageSize: 100, pages: 10, checks: 100 };
  expect(await sweep(later, client, limits)).toMatchObject({ roundBeganAt: later.now(), isRoundComplete: true });
});

test("a run that dies before it says where it stopped is repeated, and starts nothing twice", async ({ expect }) => {
  const { blobs, services, client, started } = play();
  for (let index = 0; index < 10; index++) upload(blobs, numbered(index));
  const limits = { pageSize: 4, pages: 10, checks: 5 };
  const writeText = (): Promise<void> => Promise.reject(new Error("HTTP 503"));

  const died = await sweep({ ...services, blobs: { ...services.blobs, writeText } }, client, limits);
  expect(died.problems).toEqual(["where the next sweep goes on: Error: HTTP 503"]);
  let runs = 1;
  while (!(await sweep(services, client, limits)).isRoundComplete && runs < 10) runs++;

  expect([runs, started.length, new Set(started).size]).toEqual([2, 10, 10]);
});

test("a listing that fails in the middle of a run does not lose what the run has seen", async ({ expect }) => {
  const { blobs, services, client, started } = play();
  for (let index = 0; index < 10; index++) upload(blobs, numbered(index));
  const limits = { pageSize: 4, pages: 20, checks: 100 };
  const list: Services["blobs"]["list"] = async function* (container, options) {
    let pages = 0;
    for await (const page of services.blobs.list(container, options)) {
      if (container === INPUT && ++pages === 3) throw new Error("HTTP 503");
      yield page;
    }
  };

  await expect(sweep({ ...services, blobs: { ...services.blobs, list } }, client, limits)).rejects.toThrow("HTTP 503");
  expect(started).toHaveLength(8);
  expect(await sweep(services, client, limits)).toMatchObject({ conversions: 2, isRoundComplete: true });
});

test("two runs at the same time start nothing twice, and miss nothing", async ({ expect }) => {
  const { blobs, services, client, started } = play();
  const ids = Array.from({ length: 50 }, (_, index) => upload(blobs, numbered(index)));
  const limits = { pageSize: 4, pages: 10, checks: 5 };

  for (let runs = 0; runs < 12; runs++) {
    const both = await Promise.all([sweep(services, client, limits), sweep(services, client, limits)]);
    expect(both.flatMap(({ problems }) => problems)).toEqual([]);
  }

  expect(new Set(started)).toEqual(new Set(ids));
});

test("a run that runs out of time says so, and the next one goes on", async ({ expect }) => {
  const { blobs, services, client, started } = play();
  const ids = ["a.mp4", "b.mp4"].map((name) => upload(blobs, name));
  let seconds = 0;
  const now = (): Date => new Date(NOW.getTime() + seconds * 1000);
  const list: Services["blobs"]["list"] = async function* (container, options) {
    for await (const page of services.blobs.list(container, options)) {
      if (container === OUTPUT) seconds += 151;
      yield page;
    }
  };

  const first = await sweep({ ...services, now, blobs: { ...services.blobs, list } }, client);
  expect([first.conversions, first.isRoundComplete, started]).toEqual([1, false, ids.slice(0, 1)]);
  const second = await sweep({ ...services, now }, client);

  expect(second).toMatchObject({ conversions: 1, roundBeganAt: NOW, isRoundComplete: true });
  expect(started).toEqual(ids);
});
