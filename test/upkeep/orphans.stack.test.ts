import type { DurableClient, DurableOrchestrationStatus, OrchestrationRuntimeStatus } from "durable-functions";
import { beforeEach, test } from "vitest";
import type { BlobVersion, ConversionRecord } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import type { ConversionInput } from "../../src/orchestrations/contract.ts";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";
import type { ConversionProgress } from "../../src/orchestrations/stage.ts";
import { cancel } from "../../src/upkeep/cancelling.ts";
import { endTasks } from "../../src/upkeep/endTasks.ts";
import { settleOrphans } from "../../src/upkeep/orphans.ts";
import type { Services } from "../../src/services.ts";
import type { AzuriteServices } from "../azuriteServices.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const JOB = { poolId: "mp3drop", jobId: "mp3drop-2" };

const azurite = useAzurite();
let storage: AzuriteServices;
let services: Services;
let terminated: DurableOrchestrationStatus[];
let started: { readonly instanceId: string; readonly input: ConversionInput }[];

beforeEach(async () => {
  storage = await azuriteServices(azurite.connectionString);
  services = { ...storage.services, now: () => new Date() };
  terminated = [];
  started = [];
});

/** Only what is asked of the Durable extension. */
const client = {
  getStatusBy: async ({ runtimeStatus }: { runtimeStatus: OrchestrationRuntimeStatus[] }) =>
    terminated.filter((instance) => runtimeStatus.includes(instance.runtimeStatus)),
  getStatus: async (id: string) => terminated.find(({ instanceId }) => instanceId === id),
  startNew: async (_name: string, start: { instanceId: string; input: ConversionInput }) => void started.push(start),
} as unknown as DurableClient;

async function upload(name = "talk.mp4", content = "video"): Promise<BlobVersion> {
  const container = services.config.containers.input;
  await services.blobs.writeText({ container, name }, content, { contentType: "video/mp4" });
  const found = await services.blobs.properties({ container, name });
  return { container, name, eTag: found?.eTag ?? "" };
}

/** An orchestration that was terminated in its second attempt, whose task it knew of if `isKnown`. */
function terminate(source: BlobVersion, isKnown: boolean, input: Partial<ConversionInput> = {}): string {
  const id = conversionIdOf("mp3", source);
  const submission = isKnown ? { task: taskOf(id, 2), submittedAt: "2026-01-01T12:00:00.000Z" } : null;
  const progress: ConversionProgress = { phase: "preparing", percent: null, waitReason: null, attempt: 2, submission };
  terminated.push({
    instanceId: id,
    name: "convertBlob",
    runtimeStatus: "Terminated",
    customStatus: progress,
    input: { workload: "mp3", source, ...input },
    output: null,
    createdTime: new Date(Date.now() - 60_000),
    lastUpdatedTime: new Date(),
  } as unknown as DurableOrchestrationStatus);
  return id;
}

function taskOf(id: string, attempt: number, job = JOB): { poolId: string; jobId: string; taskId: string } {
  return { ...job, taskId: `${id}-${attempt}` };
}

async function recordOf(name = "talk.mp3.json"): Promise<ConversionRecord | undefined> {
  const found = await services.blobs.readText({ container: services.config.containers.output, name });
  return found && (JSON.parse(found.text) as ConversionRecord);
}

test("the end of a terminated conversion is told, even if it was terminated before anybody was told of its record", async ({
  expect,
}) => {
  const asked = new Set<string>();
  const telling = {
    getStatusBy: (filter: Parameters<DurableClient["getStatusBy"]>[0]) => client.getStatusBy(filter),
    getStatus: async (id: string) => {
      const found = await client.getStatus(id);
      if (found === undefined && !asked.has(id)) throw new Error("HTTP 404");
      return found ?? {};
    },
    startNew: async (_name: string, { instanceId }: { instanceId: string }) => void asked.add(instanceId),
  } as unknown as DurableClient;
  const id = terminate(await upload(), true);

  await settleOrphans(services, client);
  expect(started).toEqual([]);
  services = { ...services, messengers: { queue: { send: async () => ({ status: "taken" }) } } };
  await settleOrphans(services, telling);
  await settleOrphans(services, telling);

  expect([...asked]).toEqual([`told-${id}-2`]);
});

test("a terminated conversion has its tasks ended and is recorded as cancelled, once", async ({ expect }) => {
  const id = terminate(await upload(), true);

  const first = await settleOrphans(services, client);
  const second = await settleOrphans(services, client);

  expect(first.ended).toMatchObject([{ conversionId: id, name: "talk.mp4", outcome: "cancelled", firstAttempt: 1 }]);
  expect(second).toEqual({ ended: [], handedOver: [], problems: [] });
  expect(storage.terminated).toEqual(expect.arrayContaining([taskOf(id, 1), taskOf(id, 2)]));
  expect(await recordOf()).toMatchObject({
    status: "cancelled",
    conversionId: id,
    attempts: 2,
    error: { code: "Cancelled", message: "Somebody terminated the orchestration" },
    batch: { taskId: `${id}-2` },
  });
});

test("a task that its status does not know of is ended, too, in the job of the settings", async ({ expect }) => {
  const id = terminate(await upload(), false);

  await settleOrphans(services, client);

  const job = { poolId: "mp3drop", jobId: "mp3drop" };
  expect(storage.terminated).toEqual([taskOf(id, 1, job), taskOf(id, 2, job)]);
});

test("the record of the failed run before does not hide a retry that was terminated", async ({ expect }) => {
  const source = await upload();
  const id = terminate(source, true, { firstAttempt: 2 });
  const earlier = { schemaVersion: 1, status: "failed", conversionId: id, attempts: 1, input: source };
  const address = { container: services.config.containers.output, name: "talk.mp3.json" };
  const metadata = { sourceetag: source.eTag };
  await services.blobs.writeText(address, JSON.stringify(earlier), { contentType: "application/json", metadata });

  await settleOrphans(services, client);

  expect(storage.terminated).toContainEqual(taskOf(id, 2));
  expect(storage.terminated).not.toContainEqual(taskOf(id, 1));
  expect(await recordOf()).toMatchObject({ status: "cancelled", attempts: 2 });
});

test("the tasks of a terminated conversion end although its blob was replaced, and it leaves no record", async ({
  expect,
}) => {
  const id = terminate(await upload(), true);
  await upload("talk.mp4", "another video");

  expect(await settleOrphans(services, client)).toEqual({ ended: [], handedOver: [], problems: [] });
  expect(storage.terminated).toContainEqual(taskOf(id, 2));
  expect(await recordOf()).toBeUndefined();
});

test("while the tasks cannot be ended there is no record, so the next sweep tries again", async ({ expect }) => {
  const id = terminate(await upload(), true);
  const terminateTask = (): Promise<void> => Promise.reject(new Error("Batch is down"));
  const away = { ...services, batch: { ...services.batch, terminateTask } };

  const { problems } = await settleOrphans(away, client);

  expect(problems).toEqual([`terminated conversion ${id}: Error: Batch is down`]);
  expect(await recordOf()).toBeUndefined();
  expect((await settleOrphans(services, client)).ended).toHaveLength(1);
});

test("a conversion that is run again between the listing and the look is left alone", async ({ expect }) => {
  terminate(await upload(), true);
  const live = Object.assign(Object.create(terminated[0] ?? null) as object, { runtimeStatus: "Running" });
  const racing = Object.assign(Object.create(client), { getStatus: async () => live }) as DurableClient;

  expect(await settleOrphans(services, racing)).toEqual({ ended: [], handedOver: [], problems: [] });
  expect(storage.terminated).toEqual([]);
  expect(await recordOf()).toBeUndefined();
});

test("an hour later, what is settled costs Batch no more requests", async ({ expect }) => {
  terminate(await upload(), true);
  await settleOrphans(services, client);
  storage.terminated.length = 0;

  const inAnHour = { ...services, now: () => new Date(Date.now() + 3_600_000) };
  expect(await settleOrphans(inAnHour, client)).toEqual({ ended: [], handedOver: [], problems: [] });

  expect(storage.terminated).toEqual([]);
});

test("what is settled is looked at for half an hour, and then no more", async ({ expect }) => {
  terminate(await upload(), true);
  const asked: string[] = [];
  const counting = Object.assign(Object.create(client), {
    getStatus: async (id: string) => {
      asked.push(id);
      return client.getStatus(id);
    },
  }) as DurableClient;

  for (const minutes of [0, 5, 29, 31, 36, 60]) {
    await settleOrphans({ ...services, now: () => new Date(Date.now() + minutes * 60_000) }, counting);
  }

  expect(asked).toHaveLength(4);
});

test("what cannot be settled is tried by every sweep, however long ago it was terminated", async ({ expect }) => {
  terminate(await upload("a.mp4"), true);
  const terminateTask = (): Promise<void> => Promise.reject(new Error("Batch is down"));
  const away = { ...services, batch: { ...services.batch, terminateTask } };
  const inHours = (hours: number) => () => new Date(Date.now() + hours * 3_600_000);

  for (const hours of [0, 1, 100]) {
    expect((await settleOrphans({ ...away, now: inHours(hours) }, client)).problems).toHaveLength(1);
  }
  expect((await settleOrphans({ ...services, now: inHours(101) }, client)).ended).toHaveLength(1);
});

test("where time runs out, the next sweep goes on with those that are left", async ({ expect }) => {
  for (let number = 0; number < 17; number++) terminate(await upload(`${number}.mp4`), true);
  let now = Date.now();
  const slow = {
    ...services,
    now: () => new Date(now),
    batch: { ...services.batch, terminateTask: async () => void (now += 10_000) },
  };

  const first = await settleOrphans(slow, client);
  expect(first).toMatchObject({ problems: ["1 terminated conversions: time ran out"] });
  now += 3_600_000;

  expect(first.ended.length + (await settleOrphans(slow, client)).ended.length).toBe(17);
});

test("where Durable takes seconds to list them, it has twenty times as long a rest", async ({ expect }) => {
  let now = Date.now();
  let listings = 0;
  const getStatusBy = async (): Promise<[]> => {
    listings++;
    now += 30_000;
    throw new Error("HTTP 500");
  };
  const slow = Object.assign(Object.create(client), { getStatusBy }) as DurableClient;
  const timed = { ...services, now: () => new Date(now) };

  await expect(settleOrphans(timed, slow)).rejects.toThrow("HTTP 500");
  now += 599_000;
  expect(await settleOrphans(timed, slow)).toEqual({ ended: [], handedOver: [], problems: [] });
  now += 2_000;
  await expect(settleOrphans(timed, slow)).rejects.toThrow("HTTP 500");
  expect(listings).toBe(2);
});

test("the record of an older version does not hide a termination that no sweep has seen for an hour", async ({
  expect,
}) => {
  const address = { container: services.config.containers.output, name: "talk.mp3.json" };
  const metadata = { sourceetag: '"older"', conversionid: "older", attempt: "1" };
  const older = { schemaVersion: 1, status: "succeeded", conversionId: "older", attempts: 1 };
  await services.blobs.writeText(address, JSON.stringify(older), { contentType: "application/json", metadata });
  const id = terminate(await upload(), true);

  const inAnHour = { ...services, now: () => new Date(Date.now() + 3_600_000) };
  await settleOrphans(inAnHour, client);

  expect(storage.terminated).toContainEqual(taskOf(id, 2));
  expect(await recordOf()).toMatchObject({ status: "cancelled", conversionId: id });
});

test("a workload that the app no longer has does not keep the others from being settled", async ({ expect }) => {
  const gone = terminate(await upload("a.mp4"), true, { workload: "gone" });
  terminate(await upload(), true);

  const { ended, problems } = await settleOrphans(services, client);

  expect([ended.length, problems]).toEqual([1, []]);
  expect(storage.terminated).toContainEqual(taskOf(gone, 2));
});

test("the tasks that have taken the place of others end, too, whichever attempt they are of", async ({ expect }) => {
  const id = terminate(await upload(), true);
  const [instance] = terminated as [DurableOrchestrationStatus];
  Object.assign(instance.customStatus as object, { renewals: 1 });

  await settleOrphans(services, client);

  const taskIds = storage.terminated.map(({ taskId }) => taskId);
  expect(taskIds).toEqual([`${id}-1`, `${id}-1-1`, `${id}-2`, `${id}-2-1`]);
});

test("a retry can end the tasks of the terminated run itself", async ({ expect }) => {
  const id = terminate(await upload(), true);

  await endTasks(services, terminated[0] as DurableOrchestrationStatus);

  expect(storage.terminated).toEqual([taskOf(id, 1), taskOf(id, 2)]);
});

const OTHER_VERSION = ORCHESTRATION_VERSION - 1;
const OPEN_JOB = { poolId: "mp3drop", jobId: "mp3drop" };

/** A conversion that an upgrade has ended; its status is empty. `tasks` are the ends of the ids of those that Batch has. */
async function leaveBehind(
  tasks: readonly string[],
  input: Partial<ConversionInput> = {},
  job = OPEN_JOB,
): Promise<string> {
  const source = await upload();
  const id = conversionIdOf("mp3", source);
  storage.tasks.push(...tasks.map((end) => ({ ...job, taskId: `${id}${end}` })));
  terminated.push({
    instanceId: id,
    name: "convertBlob",
    runtimeStatus: "Failed",
    customStatus: null,
    input: { version: OTHER_VERSION, workload: "mp3", source, ...input },
    output: null,
    createdTime: new Date("2026-01-01T11:59:00.000Z"),
    lastUpdatedTime: new Date("2026-01-01T12:00:00.000Z"),
  } as unknown as DurableOrchestrationStatus);
  return id;
}

function endedTasks(): string[] {
  return storage.terminated.map(({ taskId }) => taskId.slice(32));
}

test("a conversion that an upgrade has ended goes on in the same attempt, and its task is left alone", async ({
  expect,
}) => {
  const id = await leaveBehind(["-1", "-2"]);

  const settled = await settleOrphans(services, client);

  expect(settled).toEqual({ handedOver: [id], ended: [], problems: [] });
  expect(started).toMatchObject([
    {
      instanceId: id,
      input: {
        version: ORCHESTRATION_VERSION,
        startedAt: "2026-01-01T11:59:00.000Z",
        resumed: { stage: { name: "submitting", attempt: 2, abandoned: null } },
      },
    },
  ]);
  expect(endedTasks()).toEqual(["-1"]);
});

test.for([
  [
    "the task that took the place of one whose access ran out goes on",
    ["-1", "-1-1", "-1-2"],
    { attempt: 1, renewal: 2 },
    ["-1", "-1-1"],
  ],
  ["without a task, the attempt goes on that it began with", [], { attempt: 1 }, []],
] as const)("where an upgrade has ended a conversion, %s", async ([, tasks, stage, ended], { expect }) => {
  await leaveBehind(tasks);

  await settleOrphans(services, client);

  expect(started).toMatchObject([{ input: { resumed: { stage: { name: "submitting", ...stage } } } }]);
  expect(endedTasks()).toEqual(ended);
});

test("the tasks of the run before do not count for a run that an upgrade ended before it had one", async ({
  expect,
}) => {
  await leaveBehind(["-1"], { firstAttempt: 2 });

  await settleOrphans(services, client);

  expect(started).toMatchObject([
    { input: { firstAttempt: 2, resumed: { stage: { name: "submitting", attempt: 2 } } } },
  ]);
  expect(endedTasks()).toEqual(["-1"]);
});

test("a task in a job that takes no more tasks is not added again beside itself: the next attempt begins", async ({
  expect,
}) => {
  await leaveBehind(["-1"], {}, { poolId: "mp3drop", jobId: "mp3drop-old" });

  await settleOrphans(services, client);

  expect(started).toMatchObject([{ input: { resumed: { stage: { name: "submitting", attempt: 2 } } } }]);
  expect(endedTasks()).toEqual(["-1"]);
});

test("what was decided before the upgrade is recorded after it", async ({ expect }) => {
  const id = await leaveBehind(["-1"]);
  const address = { container: services.config.containers.application, name: `decisions/${id}.json` };
  const error = { code: "Cancelled", message: "m", hint: "h", logBlob: null };
  const decision = { record: { conversionId: id, attempts: 1, status: "cancelled", error }, result: null };
  await services.blobs.writeText(address, JSON.stringify(decision), { contentType: "application/json" });

  await settleOrphans(services, client);

  const failure = { code: "Cancelled", message: "m", hint: "h" };
  expect(started).toMatchObject([
    { input: { resumed: { stage: { name: "recording", attempt: 1, failed: { failure } } } } },
  ]);
  expect(endedTasks()).toEqual(["-1"]);
});

test("a conversion that already has its record when an upgrade ends it ends with that", async ({ expect }) => {
  const id = await leaveBehind(["-1"]);
  const record = { schemaVersion: 1, status: "succeeded", conversionId: id, attempts: 1 };
  const address = { container: services.config.containers.output, name: "talk.mp3.json" };
  const metadata = { conversionid: id, attempt: "1" };
  await services.blobs.writeText(address, JSON.stringify(record), { contentType: "application/json", metadata });

  await settleOrphans(services, client);

  expect(started).toMatchObject([
    { input: { resumed: { stage: { name: "finished", result: { outcome: "succeeded", record } } } } },
  ]);
  expect(endedTasks()).toEqual(["-1"]);
});

test("one that this version has begun, and that died all the same, is not the business of the handover", async ({
  expect,
}) => {
  await leaveBehind(["-1"], { version: ORCHESTRATION_VERSION });

  expect(await settleOrphans(services, client)).toEqual({ ended: [], handedOver: [], problems: [] });
  expect(started).toEqual([]);
});

test.for(["Running", "Failed"] as const)(
  "to cancel one of another version, which is %s, records it at once: it would not live to hear of it",
  async (runtimeStatus, { expect }) => {
    const id = await leaveBehind(["-1", "-2"]);
    const [instance] = terminated;
    if (instance === undefined) throw new Error("There is no instance");
    Object.assign(instance, { runtimeStatus });
    const raised: string[] = [];
    const hearing = Object.assign(Object.create(client), { raiseEvent: async (to: string) => void raised.push(to) });

    await cancel(services, hearing as DurableClient, instance);

    expect(endedTasks().toSorted()).toEqual(expect.arrayContaining(["-1", "-2"]));
    expect(await recordOf()).toMatchObject({ status: "cancelled", conversionId: id, attempts: 2 });
    const isDead = runtimeStatus === "Failed";
    expect(raised).toEqual(isDead ? [] : [id]);
    const finished = { name: "finished", result: { outcome: "cancelled" } };
    expect(started).toMatchObject(isDead ? [{ input: { resumed: { stage: finished } } }] : []);
  },
);
