import type { BlobServiceClient } from "@azure/storage-blob";
import type { DurableClient, OrchestrationRuntimeStatus } from "durable-functions";
import { beforeEach, test } from "vitest";
import { createServices } from "../../src/azure/azureServices.ts";
import { cleanUp } from "../../src/upkeep/cleanUp.ts";
import type { TaskRef } from "../../src/model/batchTask.ts";
import type { BlobVersion, ConversionRecord } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";
import type { ConversionInput } from "../../src/orchestrations/contract.ts";
import type { ConversionResult } from "../../src/orchestrations/stage.ts";
import type { Services } from "../../src/services.ts";
import { startOnce } from "../../src/upkeep/starting.ts";
import { sweep } from "../../src/upkeep/sweep.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const HOUR_MS = 3_600_000;

const azurite = useAzurite();
let services: Services;
let instances: Map<string, Record<string, unknown>>;
let started: { id: string; input: ConversionInput }[];
let account: BlobServiceClient;
let terminated: readonly TaskRef[];

beforeEach(async () => {
  ({ services, account, terminated } = await azuriteServices(azurite.connectionString));
  services = { ...services, now: () => new Date(Date.now() + HOUR_MS) };
  instances = new Map();
  started = [];
});

/** Only what the sweep and the clean-up ask of the Durable extension. */
const client = {
  getStatus: async (id: string) => {
    const instance = instances.get(id);
    if (instance === undefined) throw new Error("DurableClient error: … replied with HTTP 404 response.");
    return instance;
  },
  startNew: async (_name: string, { instanceId, input }: { instanceId: string; input: ConversionInput }) => {
    started.push({ id: instanceId, input });
    instances.set(instanceId, { runtimeStatus: "Pending" });
  },
  getStatusBy: async () => [...instances.values()],
  purgeInstanceHistory: async (id: string) => ({ instancesDeleted: instances.delete(id) ? 1 : 0 }),
} as unknown as DurableClient;

async function upload(name: string): Promise<BlobVersion> {
  const container = services.config.containers.input;
  await services.blobs.writeText({ container, name }, "video", { contentType: "video/mp4" });
  const found = await services.blobs.properties({ container, name });
  return { container, name, eTag: found?.eTag ?? "" };
}

async function recordFor({ name, eTag }: BlobVersion): Promise<void> {
  const address = { container: services.config.containers.output, name: resultNamesFor(mp3, name).record };
  await services.blobs.writeText(address, "{}", { contentType: "application/json", metadata: { sourceetag: eTag } });
}

function know(
  source: BlobVersion,
  runtimeStatus: keyof typeof OrchestrationRuntimeStatus,
  customStatus?: unknown,
  input: Partial<ConversionInput> = {},
  output: Partial<ConversionResult> | null = null,
): void {
  const instanceId = conversionIdOf("mp3", source);
  const createdTime = new Date("2026-01-01T12:00:00.000Z");
  const contents = {
    input: { version: ORCHESTRATION_VERSION, workload: "mp3", source, ...input },
    customStatus,
    output,
  };
  instances.set(instanceId, { instanceId, runtimeStatus, createdTime, ...contents });
}

test("a blob with neither a record nor a conversion is started", async ({ expect }) => {
  const source = await upload("a/missed one.mp4");
  await upload("notes.txt");

  expect(await sweep(services, client)).toEqual({
    conversions: 1,
    started: ["a/missed one.mp4"],
    problems: [],
    roundBeganAt: expect.any(Date),
    isRoundComplete: true,
  });
  const input = { workload: "mp3", source, firstAttempt: 1 };
  expect(started).toMatchObject([{ id: conversionIdOf("mp3", source), input }]);
});

test("a conversion counts as started when it was asked for, not when its orchestration had its first turn", async ({
  expect,
}) => {
  const source = await upload("missed.mp4");
  const asked = { ...services, now: () => new Date("2036-01-31T00:00:00.000Z") };

  await startOnce(asked, client, { workload: "mp3", source });

  expect(started).toMatchObject([{ input: { startedAt: "2036-01-31T00:00:00.000Z", patienceSeconds: 7 * 86_400 } }]);
});

test("the start of what was uploaded just now, as its event says, asks for no record", async ({ expect }) => {
  const source = await upload("new.mp4");
  await recordFor(source);
  const facts = { sizeBytes: 5, lastModified: new Date().toISOString(), metadata: {} };
  const conversion = { workload: "mp3", source };

  expect(await startOnce(services, client, conversion, facts)).toBe("alreadyRecorded");
  const soon = { ...services, now: () => new Date() };
  expect(await startOnce(soon, client, conversion, facts)).toBe("started");
  expect(started).toMatchObject([{ input: { facts } }]);
});

test("a second sweep starts nothing again", async ({ expect }) => {
  await upload("missed.mp4");
  await sweep(services, client);

  expect((await sweep(services, client)).started).toEqual([]);
});

test("a blob with a record for its version is left alone, one with a record for an older version is not", async ({
  expect,
}) => {
  await recordFor(await upload("done.mp4"));
  await recordFor(await upload("replaced.mp4"));
  await upload("replaced.mp4");

  expect((await sweep(services, client)).started).toEqual(["replaced.mp4"]);
});

test("what is running, or was superseded, is left alone", async ({ expect }) => {
  know(await upload("running.mp4"), "Running");
  know(await upload("pending.mp4"), "Pending");
  know(await upload("superseded.mp4"), "Completed", { attempt: 1 }, {}, { outcome: "superseded" });

  expect((await sweep(services, client)).started).toEqual([]);
});

test("a conversion that succeeded, but has no record, is run again with attempts counted on, its old tasks ended", async ({
  expect,
}) => {
  const source = await upload("lost.mp4");
  know(source, "Completed", { attempt: 2 }, {}, { outcome: "succeeded" });

  expect((await sweep(services, client)).started).toEqual(["lost.mp4"]);
  expect(started).toMatchObject([
    { input: { source, firstAttempt: 3, patienceSeconds: 7 * 86_400, startedAt: "2026-01-01T12:00:00.000Z" } },
  ]);
  expect(terminated.map(({ taskId }) => taskId.slice(-2))).toEqual(["-1", "-2"]);
});

test("that is done once, so that whoever takes records away does not pay for a conversion at every sweep", async ({
  expect,
}) => {
  const source = await upload("taken again.mp4");
  know(source, "Completed", { attempt: 2 }, {}, { outcome: "succeeded" });
  await sweep(services, client);
  know(
    source,
    "Completed",
    { attempt: 3 },
    { isMadeUpFor: started[0]?.input.isMadeUpFor === true },
    { outcome: "succeeded" },
  );

  expect((await sweep(services, client)).started).toEqual([]);
});

test.for(["failed", "cancelled"] as const)(
  "the record of a conversion that has %s is written again where it is missing, without a log that is missing, too",
  async (status, { expect }) => {
    const source = await upload("lost.mp4");
    const { container, name, eTag } = source;
    const record = {
      conversionId: conversionIdOf("mp3", source),
      workload: "mp3",
      status,
      input: { container, name, eTag },
      times: { startedAt: "2026-01-01T12:00:00.000Z" },
      attempts: 1,
      error: { code: "NoAudioStream", logBlob: null },
    } as unknown as ConversionRecord;
    const withLog = { ...record, error: { ...record.error, logBlob: "lost.mp3.log" } } as ConversionRecord;
    know(source, "Completed", { attempt: 1 }, {}, { outcome: status, record: withLog });

    expect((await sweep(services, client)).started).toEqual([]);
    const found = await services.blobs.readText({
      container: services.config.containers.output,
      name: "lost.mp3.json",
    });
    expect(JSON.parse(found?.text ?? "null")).toEqual(record);
    expect(await sweep(services, client)).toMatchObject({ started: [], problems: [] });
  },
);

test("a conversion that ended while the sweep looked has its record, and is left alone", async ({ expect }) => {
  const source = await upload("just now.mp4");
  know(source, "Completed", { attempt: 1 }, {}, { outcome: "succeeded" });
  const getStatus = async (id: string): Promise<unknown> => {
    await recordFor(source);
    return await client.getStatus(id);
  };

  const swept = await sweep(services, Object.assign(Object.create(client), { getStatus }) as DurableClient);

  expect(swept).toMatchObject({ started: [], problems: [] });
});

test("a conversion that was run nine times and still has no record is left alone", async ({ expect }) => {
  know(await upload("lost again.mp4"), "Completed", { attempt: 9 }, {}, { outcome: "succeeded" });

  expect((await sweep(services, client)).started).toEqual([]);
});

test("a succeeded record whose result was taken away is left alone: pipelines move results on", async ({ expect }) => {
  await recordFor(await upload("taken.mp4"));

  expect((await sweep(services, client)).started).toEqual([]);
});

test("a directory of a hierarchical namespace is no video, whatever its name", async ({ expect }) => {
  const address = { container: services.config.containers.input, name: "holiday.mp4" };
  await services.blobs.writeText(address, "", { contentType: "", metadata: { hdi_isfolder: "true" } });

  expect(await sweep(services, client)).toMatchObject({ conversions: 0, started: [] });
});

test("a conversion that died is started again, with attempts counted on", async ({ expect }) => {
  const source = await upload("died.mp4");
  know(source, "Failed", { attempt: 2 });

  await sweep(services, client);

  expect(started).toMatchObject([{ input: { source, firstAttempt: 3 } }]);
});

test("a conversion that an upgrade has ended goes on in its attempt, and was not missed", async ({ expect }) => {
  const source = await upload("left behind.mp4");
  know(source, "Failed", null, { version: ORCHESTRATION_VERSION - 1 });

  expect((await sweep(services, client)).started).toEqual([]);

  const stage = { name: "submitting", attempt: 1 };
  expect(started).toMatchObject([{ input: { source, version: ORCHESTRATION_VERSION, resumed: { stage } } }]);
});

test("a conversion that died before it had a status has used up an attempt all the same", async ({ expect }) => {
  const source = await upload("died at once.mp4");
  know(source, "Failed", null, { firstAttempt: 2 });

  await sweep(services, client);

  expect(started).toMatchObject([{ input: { source, firstAttempt: 3 } }]);
});

test("the status of the run before does not hide the attempt that died before it had one", async ({ expect }) => {
  const source = await upload("died at once, again.mp4");
  know(source, "Failed", { attempt: 6 }, { firstAttempt: 7 });

  await sweep(services, client);

  expect(started).toMatchObject([{ input: { source, firstAttempt: 8 } }]);
});

test("an attempt counts although its run has continued as new and said nothing since", async ({ expect }) => {
  const source = await upload("died after days.mp4");
  const stage = { name: "submitting", attempt: 3, since: "2026-01-01T12:00:00.000Z", abandoned: null } as const;
  know(source, "Failed", null, { firstAttempt: 2, resumed: { stage, progress: null } });

  await sweep(services, client);

  expect(started).toMatchObject([{ input: { source, firstAttempt: 4 } }]);
});

test("a conversion that an operator terminated is not started again", async ({ expect }) => {
  know(await upload("terminated.mp4"), "Terminated", { attempt: 1 });

  expect((await sweep(services, client)).started).toEqual([]);
});

test("one conversion whose status is unreachable does not keep the sweep from the forty others", async ({ expect }) => {
  const names = Array.from({ length: 41 }, (_, index) => `${String(index).padStart(2, "0")}.mp4`);
  const sources = await Promise.all(names.map((name) => upload(name)));
  const unreachable = conversionIdOf("mp3", sources[3] ?? { container: "", name: "", eTag: "" });
  const getStatus = async (id: string): Promise<unknown> => {
    if (id === unreachable) throw new Error("HTTP 500");
    return await client.getStatus(id);
  };

  const swept = await sweep(services, Object.assign(Object.create(client), { getStatus }) as DurableClient);

  expect(swept.started).toEqual(names.filter((name) => name !== "03.mp4"));
  expect(swept.problems).toEqual(["03.mp4: Error: HTTP 500"]);
});

test("one record that cannot be looked up, or one start that fails, does not keep the sweep from the others", async ({
  expect,
}) => {
  for (const name of ["a.mp4", "b.mp4", "c.mp4", "d.mp4"]) await upload(name);
  const properties: Services["blobs"]["properties"] = async (blob) => {
    if (blob.name === "b.mp3.json") throw new Error("HTTP 503");
    return await services.blobs.properties(blob);
  };
  const startNew: DurableClient["startNew"] = async (name, options) => {
    if ((options?.input as ConversionInput | undefined)?.source.name === "c.mp4") throw new Error("HTTP 500");
    return await client.startNew(name, options);
  };

  const swept = await sweep(
    { ...services, blobs: { ...services.blobs, properties } },
    Object.assign(Object.create(client), { startNew }) as DurableClient,
  );

  expect(swept.started).toEqual(["a.mp4", "d.mp4"]);
  expect(swept.problems).toEqual(["b.mp4: Error: HTTP 503", "c.mp4: Error: HTTP 500"]);
});

test("two workloads that take the same blob are two conversions", async ({ expect }) => {
  const source = await upload("a.mp4");
  const words = { ...topWords, suffixes: [".mp4"] };
  const config = { ...services.config, workloads: [mp3, words] };

  const swept = await sweep({ ...services, config }, client);

  expect(swept).toMatchObject({ conversions: 2, started: ["a.mp4", "a.mp4"] });
  expect(new Set(started.map(({ id }) => id))).toEqual(
    new Set([conversionIdOf("mp3", source), conversionIdOf("topWords", source)]),
  );
});

test("a conversion that died nine times is left alone", async ({ expect }) => {
  know(await upload("hopeless.mp4"), "Failed", { attempt: 9 });

  expect((await sweep(services, client)).started).toEqual([]);
});

test("a sweep goes on where the one before has stopped, in another process, with what storage says", async ({
  expect,
}) => {
  const names = ["-.mp4", "A/b.mp4", "a-b.mp4", "a.MP4", "a.mp3.mp4", "a.mp4", "a/b.mp4", "é.mp4", "日.mp4"];
  for (const name of names) await upload(name);
  await recordFor(await upload("a/c.mp4"));
  const limits = { pageSize: 2, pages: 10, checks: 3 };
  const seen: string[] = [];
  const application = account.getContainerClient(services.config.containers.application);

  const rounds = new Set<string>();
  for (let isComplete = false; !isComplete;) {
    const restarted = { ...createServices(services.config), now: services.now };
    const swept = await sweep(restarted, client, limits);
    expect(rounds.size).toBeLessThanOrEqual(1);
    expect(swept.started.length).toBeLessThanOrEqual(3);
    seen.push(...swept.started);
    rounds.add(swept.roundBeganAt.toISOString());
    isComplete = swept.isRoundComplete;
    expect(await application.getBlobClient("sweep.json").exists()).toBe(!isComplete);
  }

  expect(seen.toSorted()).toEqual(names.toSorted());
  expect(rounds.size).toBe(1);
});

test("a sweep that cannot list a container fails and says which", async ({ expect }) => {
  await upload("missed.mp4");
  for (const kind of ["output", "input"] as const) {
    const name = services.config.containers[kind];
    await account.getContainerClient(name).delete();

    await expect(sweep(services, client)).rejects.toThrow(`Azure Storage could not list container ${name}: 404`);
  }
});

test("a blob that has just been uploaded is left to the trigger", async ({ expect }) => {
  await upload("new.mp4");

  expect(await sweep({ ...services, now: () => new Date() }, client)).toMatchObject({ conversions: 1, started: [] });
});

test("the clean-up removes a decision with its history, and what was staged, once they are old", async ({ expect }) => {
  const { staging, application, input } = services.config.containers;
  const id = conversionIdOf("mp3", { container: input, name: "a.mp4", eTag: "0x1" });
  const left = [
    { container: staging, name: `${id}/1/report.json` },
    { container: staging, name: "beside.json" },
    { container: application, name: `decisions/${id}.json` },
  ];
  for (const blob of left) await services.blobs.writeText(blob, "{}", { contentType: "application/json" });
  const lastUpdatedTime = new Date();
  instances.set(id, { instanceId: id, runtimeStatus: "Completed", createdTime: lastUpdatedTime, lastUpdatedTime });
  const cleanUpAfter = (days: number): ReturnType<typeof cleanUp> =>
    cleanUp({ ...services, now: () => new Date(Date.now() + days * 24 * HOUR_MS) }, client);

  expect(await cleanUpAfter(1)).toMatchObject({ histories: 0, stagedBlobs: 0 });
  expect(await cleanUpAfter(3)).toMatchObject({ histories: 0, stagedBlobs: 2 });
  expect(await cleanUpAfter(34)).toEqual({ histories: 1, tasks: 0, stagedBlobs: 0, problems: [], unfinished: [] });

  const rest: string[] = [];
  for await (const { blobs } of services.blobs.list(application)) rest.push(...blobs.map(({ name }) => name));
  expect(rest.map((name) => name.replace(/-.*/, ""))).toEqual(["mp3", "topWords"]);
});
