import { test } from "vitest";
import { API_VERSIONS } from "../../../src/local/batchEmulator/apiVersions.ts";
import { IMAGE, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

type Version = (typeof API_VERSIONS)[number];

const POOL = { id: "p", vmSize: "standard_d2_v2", virtualMachineConfiguration: IMAGE };

/** Requests of one version. */
function client(emulator: Fixture["emulator"], version: string) {
  return async (method: string, path: string, body?: object) => {
    const url = `${path}${path.includes("?") ? "&" : "?"}api-version=${version}`;
    const { status, json } = await raw(emulator, { method, path: url, ...(body !== undefined && { body }) });
    return { status, ...json } as Record<string, unknown>;
  };
}

/** The versions to which the emulator answers so. */
async function versionsWhere(answers: (call: ReturnType<typeof client>, version: Version) => Promise<boolean>) {
  const { emulator } = await startVirtualFixture();
  const are: Version[] = [];
  for (const version of API_VERSIONS) if (await answers(client(emulator, version), version)) are.push(version);
  return are;
}

const from = (version: Version) => API_VERSIONS.slice(API_VERSIONS.indexOf(version));
const until = (version: Version) => API_VERSIONS.slice(0, API_VERSIONS.indexOf(version) + 1);

test("all versions of the table are spoken, and no other", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();

  expect(await versionsWhere(async (call) => (await call("GET", "/pools")).status === 200)).toEqual(API_VERSIONS);
  for (const version of ["2019-08-01.10.0", "2022-10-01", "2025-06-01.21.0", "2099-01-01", "latest"]) {
    expect(await client(emulator, version)("GET", "/pools")).toMatchObject({
      status: 400,
      code: "UnsupportedRequestVersion",
    });
  }
});

test("a property that a version does not have is refused by its name", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const call = client(emulator, "2025-06-01");

  expect(await call("POST", "/pools", { ...POOL, targetNodeCommunicationMode: "simplified" })).toMatchObject({
    status: 400,
    code: "InvalidRequestBody",
    values: [
      {
        key: "Reason",
        value:
          "The property 'targetNodeCommunicationMode' does not exist on type 'Microsoft.Azure.Batch.Protocol.Entities.CloudPool'. Make sure to only use property names that are defined by the type.",
      },
    ],
  });
});

test("each property is taken from its first version on, and no longer than until its last", async ({ expect }) => {
  const taken = (path: string, body: object) =>
    versionsWhere(async (call, version) => {
      const { status, code } = await call("POST", path, { ...body, id: version.replaceAll(".", "-") });
      if (status !== 201 && code !== "InvalidRequestBody") throw new Error(`${String(status)} ${String(code)}`);
      return status === 201;
    });
  const pool = (properties: object) => taken("/pools", { ...POOL, ...properties });
  const machine = (properties: object) => pool({ virtualMachineConfiguration: { ...IMAGE, ...properties } });
  const job = (properties: object) => taken("/jobs", { poolInfo: { poolId: "p" }, ...properties });
  const schedule = (properties: object) =>
    taken("/jobschedules", { jobSpecification: { poolInfo: { poolId: "p" }, ...properties } });
  const between = (first: Version, last: Version) => from(first).filter((version) => until(last).includes(version));

  expect(await pool({ maxTasksPerNode: 2 })).toEqual(["2020-03-01.11.0"]);
  expect(await pool({ taskSlotsPerNode: 2 })).toEqual(from("2020-09-01.12.0"));
  expect(await machine({ osDisk: {} })).toEqual(from("2021-06-01.14.0"));
  expect(await job({ maxParallelTasks: 1 })).toEqual(from("2021-06-01.14.0"));
  const manager = { id: "m", commandLine: "work" };
  expect(await job({ jobManagerTask: { ...manager, requiredSlots: 1 } })).toEqual(from("2020-09-01.12.0"));
  expect(await schedule({ jobManagerTask: { ...manager, requiredSlots: 1 } })).toEqual(from("2020-09-01.12.0"));
  expect(await schedule({ maxParallelTasks: 1 })).toEqual(from("2021-06-01.14.0"));
  expect(await job({ allowTaskPreemption: true })).toEqual(from("2022-01-01.15.0"));
  expect(await pool({ targetNodeCommunicationMode: "default" })).toEqual(between("2022-10-01.16.0", "2024-07-01.20.0"));
  expect(await pool({ networkConfiguration: { enableAcceleratedNetworking: true } })).toEqual(from("2023-05-01.17.0"));
  expect(await pool({ resourceTags: {} })).toEqual(between("2023-11-01.18.0", "2024-07-01.20.0"));
  expect(await machine({ osDisk: { caching: "none" } })).toEqual(from("2023-11-01.18.0"));
  expect(await pool({ upgradePolicy: { mode: "manual" } })).toEqual(from("2024-02-01.19.0"));
  expect(await pool({ applicationLicenses: [] })).toEqual(until("2024-02-01.19.0"));
  expect(await pool({ certificateReferences: [] })).toEqual(until("2024-07-01.20.0"));
  expect(await pool({ taskSchedulingPolicy: { jobDefaultOrder: "none", nodeFillType: "pack" } })).toEqual([
    "2025-06-01",
  ]);
});

test("operations come and go with their versions", async ({ expect }) => {
  const known = (method: string, path: string) =>
    versionsWhere(async (call) => (await call(method, path))["code"] !== "InvalidUri");

  expect(await known("GET", "/lifetimepoolstats")).toEqual(until("2022-10-01.16.0"));
  expect(await known("GET", "/certificates")).toEqual(until("2024-07-01.20.0"));
  expect(await known("GET", "/pools/p/nodes/n/rdp")).toEqual(until("2024-02-01.19.0"));
  expect(await known("GET", "/pools/p/nodes/n/extensions")).toEqual(from("2021-06-01.14.0"));
  expect(await known("POST", "/pools/p/nodes/n/deallocate")).toEqual(from("2024-07-01.20.0"));
  expect(await known("POST", "/pools/p/nodes/n/start")).toEqual(from("2024-07-01.20.0"));
});

test("each version is shown what it knows", async ({ expect }) => {
  const { emulator, clock } = await startVirtualFixture();
  await client(emulator, "2024-07-01.20.0")("POST", "/pools", {
    ...POOL,
    targetDedicatedNodes: 1,
    taskSlotsPerNode: 2,
    targetNodeCommunicationMode: "simplified",
    resourceTags: { a: "b" },
    upgradePolicy: { mode: "manual" },
  });
  await clock.advance(0);
  await client(emulator, "2022-10-01.16.0")("POST", "/jobs", { id: "j", poolInfo: { poolId: "p" } });
  const [first, middle, last] = (["2020-03-01.11.0", "2022-10-01.16.0", "2025-06-01"] as const).map((version) =>
    client(emulator, version),
  );
  if (first === undefined || middle === undefined || last === undefined) throw new Error("A version is missing");

  const [old, now, latest] = await Promise.all([first, middle, last].map((call) => call("GET", "/pools/p")));

  expect(old).toMatchObject({ maxTasksPerNode: 2 });
  expect(old).not.toHaveProperty("taskSlotsPerNode");
  expect(now).toMatchObject({
    taskSlotsPerNode: 2,
    targetNodeCommunicationMode: "simplified",
    currentNodeCommunicationMode: "simplified",
  });
  expect(now).not.toHaveProperty("upgradePolicy");
  expect(latest).toMatchObject({ upgradePolicy: { mode: "manual" } });
  for (const gone of ["targetNodeCommunicationMode", "currentNodeCommunicationMode", "resourceTags"]) {
    expect(latest).not.toHaveProperty(gone);
  }
  expect(await first("GET", "/pools/p?$select=id,maxTasksPerNode")).toMatchObject({ id: "p", maxTasksPerNode: 2 });
  expect((await last("GET", "/pools/p?$select=targetNodeCommunicationMode")).status).toBe(400);
  expect(await first("GET", "/jobs/j/taskcounts")).toMatchObject({ active: 0, running: 0, completed: 0 });
  expect(await middle("GET", "/jobs/j/taskcounts")).toMatchObject({ taskCounts: { active: 0 }, taskSlotCounts: {} });
  expect(await first("GET", "/jobs/j")).not.toHaveProperty("maxParallelTasks");
  const counts = async (call: ReturnType<typeof client>) => (await call("GET", "/nodecounts"))["value"];
  expect(await counts(middle)).not.toMatchObject([{ dedicated: { upgradingOS: 0 } }]);
  expect(await counts(last)).toMatchObject([
    { dedicated: { upgradingOS: 0, deallocated: 0, idle: 1 }, lowPriority: { upgradingOS: 0, deallocating: 0 } },
  ]);
});

test("a node whose machine is given back keeps its place, and runs its tasks again once it is started", async ({
  expect,
}) => {
  let fixture = await startVirtualFixture();
  const call: ReturnType<typeof client> = (...request) => client(fixture.emulator, "2024-07-01.20.0")(...request);
  await call("POST", "/pools", { ...POOL, targetDedicatedNodes: 1 });
  await call("POST", "/jobs", { id: "j", poolInfo: { poolId: "p" } });
  await call("POST", "/jobs/j/tasks", { id: "t", commandLine: "work" });
  await fixture.clock.advance(1000);
  const [node] = await fixture.client.computeNode.list("p");
  const path = `/pools/p/nodes/${node?.id}`;
  const state = async () => (await call("GET", path))["state"];

  expect(await call("POST", `${path}/start`)).toMatchObject({ status: 409, code: "OperationNotValidOnNode" });
  expect(await call("POST", `${path}/deallocate`, { nodeDeallocateOption: "requeue" })).toEqual({ status: 202 });
  await fixture.clock.advance(1000);

  expect(await state()).toBe("deallocated");
  expect(await call("GET", "/jobs/j/tasks/t")).toMatchObject({ state: "active" });
  expect(await call("POST", `${path}/deallocate`)).toMatchObject({ status: 409 });
  await fixture.emulator.stop();
  fixture = await startVirtualFixture({ dataFolder: fixture.dataFolder });
  await fixture.clock.advance(1000);
  expect(await state()).toBe("deallocated");
  expect(await call("POST", `${path}/start`)).toEqual({ status: 202 });
  await fixture.clock.advance(1000);
  expect(await state()).toBe("running");
});

test("a job can be ended and deleted by force where the version knows that", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const call = client(emulator, "2024-07-01.20.0");
  await call("POST", "/jobs", { id: "j", poolInfo: { poolId: "p" } });

  expect((await call("POST", "/jobs/j/terminate?force=maybe")).status).toBe(400);
  expect((await call("POST", "/jobs/j/terminate?force=true")).status).toBe(202);
  expect((await call("DELETE", "/jobs/j?force=true")).status).toBe(202);
});

test("a pool can be patched in more ways since 2024-07-01.20.0, and is not where it would need other machines", async ({
  expect,
}) => {
  const { emulator } = await startVirtualFixture();
  const [old, call] = [client(emulator, "2024-02-01.19.0"), client(emulator, "2024-07-01.20.0")];
  await call("POST", "/pools", POOL);

  expect(await old("PATCH", "/pools/p", { displayName: "new" })).toMatchObject({ code: "InvalidRequestBody" });
  expect((await call("PATCH", "/pools/p", { displayName: "new", resourceTags: { a: "b" } })).status).toBe(200);
  expect(await call("GET", "/pools/p")).toMatchObject({ displayName: "new", resourceTags: { a: "b" } });
  expect((await call("PATCH", "/pools/p", { vmSize: "standard_d4_v2" })).status).toBe(501);
});
