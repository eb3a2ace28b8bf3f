import type { DurableClient } from "durable-functions";
import { test } from "vitest";
import { readConfig } from "../../src/config.ts";
import type { TaskRef } from "../../src/model/batchTask.ts";
import type { Services } from "../../src/services.ts";
import { cleanUp } from "../../src/upkeep/cleanUp.ts";
import { MemoryBlobs } from "./memoryBlobs.ts";

const [STAGING, APPLICATION] = ["work", "application"];
const NOW = new Date("2026-06-01T03:30:00.000Z");
const DAY_MS = 24 * 3_600_000;

interface Instance {
  readonly runtimeStatus: string;
  readonly lastUpdatedTime: Date;
}

/** An app whose storage account, task hub and job are in memory. */
function play() {
  const blobs = new MemoryBlobs();
  const instances = new Map<string, Instance>();
  const clock = { now: NOW };
  const tasks: TaskRef[] = [];
  const config = readConfig({ STORAGE: "UseDevelopmentStorage=true", BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });
  const batch = {
    deleteOldJobs: async () => {},
    listOldTasks: async function* () {
      yield [...tasks];
    },
    deleteTask: async (task: TaskRef) => void tasks.splice(tasks.indexOf(task), 1),
  };
  const client = {
    getStatus: async (id: string) => {
      const instance = instances.get(id);
      if (instance === undefined) throw new Error("HTTP 404");
      return instance;
    },
    getStatusBy: async ({ runtimeStatus }: { runtimeStatus: string[] }) =>
      [...instances]
        .filter(([, instance]) => runtimeStatus.includes(instance.runtimeStatus))
        .map(([instanceId, { lastUpdatedTime }]) => ({ instanceId, lastUpdatedTime: lastUpdatedTime.toISOString() })),
    purgeInstanceHistory: async (id: string) => ({ instancesDeleted: Number(instances.delete(id)) }),
  };
  return {
    blobs,
    instances,
    clock,
    tasks,
    batch,
    client,
    run: ({ firstPlace = 0, blobs: store = blobs.store, messengers = {} } = {}) =>
      cleanUp(
        { config, batch, blobs: store, messengers, now: () => clock.now } as unknown as Services,
        client as unknown as DurableClient,
        { firstPlace },
      ),
  };
}

function daysAgo(days: number): Date {
  return new Date(NOW.getTime() - days * DAY_MS);
}

/** In the place of this hex digit. */
function idIn(place: string, number = 0): string {
  return place + String(number).padStart(31, "0");
}

test("histories go when they have ended long ago, with or without a decision, and no others", async ({ expect }) => {
  const { blobs, instances, run } = play();
  for (const place of ["1", "2", "3", "4", "5"]) {
    blobs.put(APPLICATION, `decisions/${idIn(place)}.json`, { lastModified: daysAgo(40) });
  }
  instances.set(idIn("1"), { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(40) });
  instances.set(idIn("2"), { runtimeStatus: "Running", lastUpdatedTime: daysAgo(40) });
  instances.set(idIn("3"), { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(5) });
  instances.set(idIn("4"), { runtimeStatus: "Suspended", lastUpdatedTime: daysAgo(40) });
  instances.set(idIn("a"), { runtimeStatus: "Failed", lastUpdatedTime: daysAgo(40) });
  instances.set(idIn("b"), { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(32) });

  expect(await run()).toMatchObject({ histories: 2, problems: [], unfinished: [] });

  const left = ["2", "3", "4"].map((place) => idIn(place));
  expect([...instances.keys()]).toEqual([...left, idIn("b")]);
  expect(blobs.names(APPLICATION)).toEqual(left.map((id) => `decisions/${id}.json`));
});

test("with a conversion goes what has told of its end", async ({ expect }) => {
  const { blobs, instances, run } = play();
  const old = { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(40) };
  blobs.put(APPLICATION, `decisions/${idIn("1")}.json`, { lastModified: daysAgo(40), metadata: { attempt: "3" } });
  instances.set(idIn("1"), old).set(`told-${idIn("1")}-3`, old);

  expect(await run({ messengers: { queue: {} } })).toMatchObject({ histories: 1, problems: [] });
  expect([...instances.keys()]).toEqual([]);
});

test("staged blobs go when their conversion is not live, however long it has been waiting, and no young ones", async ({
  expect,
}) => {
  const { blobs, instances, run } = play();
  const old = { lastModified: daysAgo(60) };
  instances.set(idIn("1"), { runtimeStatus: "Running", lastUpdatedTime: daysAgo(59) });
  instances.set(idIn("2"), { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(1) });
  const kept = [`${idIn("1")}/1/result`, `${idIn("1")}/2/result`, `${idIn("3")}/1/young`];
  blobs.put(STAGING, `${idIn("1")}/1/result`, old);
  blobs.put(STAGING, `${idIn("1")}/2/result`, old);
  blobs.put(STAGING, `${idIn("3")}/1/young`, { lastModified: daysAgo(1) });
  for (const name of [`${idIn("2")}/1/result`, `${idIn("3")}/1/result`, "x/1/beside", "/", "beside"]) {
    blobs.put(STAGING, name, old);
  }

  expect(await run()).toMatchObject({ stagedBlobs: 5, problems: [] });

  expect(blobs.names(STAGING)).toEqual(kept);
});

test("a step that fails keeps no other from its work", async ({ expect }) => {
  const { blobs, instances, batch, client, run } = play();
  const old = { lastModified: daysAgo(60) };
  blobs.put(STAGING, `${idIn("1")}/1/result`, old);
  blobs.put(STAGING, `${idIn("2")}/1/result`, old);
  blobs.put(APPLICATION, `decisions/${idIn("3")}.json`, old);
  instances.set(idIn("3"), { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(60) });
  batch.deleteOldJobs = () => Promise.reject(new Error("Batch is down"));
  client.getStatusBy = () => Promise.reject(new Error("HTTP 500"));
  const locked = `${idIn("1")}/1/result`;
  const remove: Services["blobs"]["delete"] = (blob) =>
    blob.name === locked ? Promise.reject(new Error("leased")) : blobs.store.delete(blob);

  expect(await run({ blobs: { ...blobs.store, delete: remove } })).toEqual({
    histories: 1,
    tasks: 0,
    stagedBlobs: 1,
    problems: ["other histories: Error: HTTP 500", "Batch tasks: Error: Batch is down", `${locked}: Error: leased`],
    unfinished: [],
  });
});

test("a step whose time is up stops, the others do their work, and the next clean-up goes on", async ({ expect }) => {
  const { blobs, tasks, batch, clock, run } = play();
  for (let number = 0; number < 100; number++) {
    tasks.push({ poolId: "mp3drop", jobId: "mp3drop", taskId: `${idIn("1", number)}-1` });
  }
  blobs.put(STAGING, `${idIn("1")}/1/result`, { lastModified: daysAgo(60) });
  const { deleteTask } = batch;
  batch.deleteTask = async (task) => {
    await new Promise(setImmediate);
    // Nothing else is left to do by now.
    if (blobs.names(STAGING).length === 0) clock.now = new Date(NOW.getTime() + 181_000);
    await deleteTask(task);
  };

  const first = await run();

  expect(first).toMatchObject({ stagedBlobs: 1, problems: [], unfinished: ["Batch tasks"] });
  expect(first.tasks).toBeGreaterThan(0);
  expect(tasks).toHaveLength(100 - first.tasks);
  batch.deleteTask = deleteTask;
  expect(await run()).toMatchObject({ tasks: 100 - first.tasks, unfinished: [] });
});

test("what takes all the time in one place does not keep the others for ever: each run begins in another", async ({
  expect,
}) => {
  const { blobs, instances, client, clock, run } = play();
  const old = { lastModified: daysAgo(60) };
  for (const id of [idIn("3"), idIn("7")]) {
    blobs.put(APPLICATION, `decisions/${id}.json`, old);
    instances.set(id, { runtimeStatus: "Completed", lastUpdatedTime: daysAgo(60) });
  }
  const { getStatus } = client;
  client.getStatus = async (id) => {
    if (!id.startsWith("3")) return getStatus(id);
    clock.now = new Date(clock.now.getTime() + 91_000);
    throw new Error("HTTP 500");
  };
  client.getStatusBy = async () => [];

  const stuck = await run();
  expect(stuck).toMatchObject({ histories: 0, problems: [`history ${idIn("3")}: Error: HTTP 500`] });
  expect(stuck.unfinished).toContain("histories");
  expect(await run({ firstPlace: 4 })).toMatchObject({ histories: 1 });
});
