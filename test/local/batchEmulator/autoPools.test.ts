import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BatchServiceModels } from "@azure/batch";
import { test } from "vitest";
import { IMAGE, refusal, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";
import { reopen, copyOfData } from "./afterKill.ts";

const POOL = { vmSize: "Standard_D2s_v3", virtualMachineConfiguration: IMAGE, targetDedicatedNodes: 1 };

function automatic(specification: object = {}): BatchServiceModels.PoolInformation {
  return { autoPoolSpecification: { poolLifetimeOption: "job", pool: POOL, ...specification } };
}

async function addJobWithTask({ client }: Fixture, specification: object = {}, job: object = {}): Promise<string> {
  await client.job.add({ id: "job", poolInfo: automatic(specification), ...job });
  await client.task.add("job", { id: "task", commandLine: "work" });
  const { executionInfo } = await client.job.get("job");
  return executionInfo?.poolId ?? "";
}

test("a job gets a pool of its own, named by the prefix and a GUID, and its tasks run there", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  const specification = { autoPoolIdPrefix: "Encoders", pool: { ...POOL, displayName: "for one job" } };

  const poolId = await addJobWithTask(fixture, specification);
  const job = await client.job.get("job");
  await clock.advance(0);
  const pool = await client.pool.get(poolId);
  await clock.advance(60_000);
  const task = await client.task.get("job", "task");

  expect(poolId).toMatch(/^Encoders_[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
  expect(job.poolInfo).toEqual({
    autoPoolSpecification: {
      autoPoolIdPrefix: "Encoders",
      poolLifetimeOption: "job",
      keepAlive: false,
      pool: expect.objectContaining({
        displayName: "for one job",
        vmSize: "standard_d2s_v3",
        targetDedicatedNodes: 1,
        targetLowPriorityNodes: 0,
        taskSlotsPerNode: 1,
        resizeTimeout: "PT15M",
      }),
    },
  });
  expect(pool).toMatchObject({ id: poolId, displayName: "for one job", currentDedicatedNodes: 1 });
  expect(task).toMatchObject({ state: "completed", nodeInfo: { poolId } });
});

test("without a prefix the pool is named by a GUID alone", async ({ expect }) => {
  const fixture = await startVirtualFixture();

  expect(await addJobWithTask(fixture)).toMatch(/^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/);
});

test("the pool goes when its job completes or is deleted, and stays with keepAlive", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  const pools = async () => (await client.pool.list()).map(({ displayName, state }) => [displayName, state]);
  for (const id of ["terminated", "deleted", "done", "kept"]) {
    const pool = { ...POOL, displayName: id };
    await client.job.add({ id, poolInfo: automatic({ pool, keepAlive: id === "kept" }) });
    await client.task.add(id, { id: "task", commandLine: "work" });
    await client.job.patch(id, { onAllTasksComplete: "terminatejob" });
  }
  await clock.advance(10_000);
  const before = await pools();
  await client.job.terminate("terminated");
  await client.job.deleteMethod("deleted");
  await clock.advance(1000);
  const between = await pools();
  await clock.advance(60_000);

  expect(before).toHaveLength(4);
  expect(between).toEqual([
    ["done", "active"],
    ["kept", "active"],
  ]);
  expect(await pools()).toEqual([["kept", "active"]]);
  expect((await client.job.get("done")).executionInfo?.terminateReason).toBe("AllTasksComplete");
});

test("what the pool says is checked as for a pool of its own, and the lifetime must be that of the job", async ({
  expect,
}) => {
  const { emulator } = await startVirtualFixture();
  const add = async (poolInfo: object) => {
    const { status, json } = await raw(emulator, { method: "POST", path: "/jobs", body: { id: "job", poolInfo } });
    const values = json["values"] as { key: string; value: string }[] | undefined;
    return [status, json["code"], values?.find(({ key }) => key === "PropertyName")?.value];
  };
  const wrong = (pool: object) => add(automatic({ pool: { ...POOL, ...pool } }));
  const formula = "$TargetDedicatedNodes=1";
  const at = "poolInfo.autoPoolSpecification";

  expect(await add({})).toEqual([400, "MissingRequiredProperty", "poolInfo"]);
  expect(await add({ poolId: "p", ...automatic() })).toEqual([400, "InvalidPropertyValue", "poolInfo"]);
  expect(await add(automatic({ pool: undefined }))).toEqual([400, "MissingRequiredProperty", `${at}.pool`]);
  expect(await add(automatic({ autoPoolIdPrefix: "x".repeat(21) }))).toEqual([
    400,
    "InvalidPropertyValue",
    `${at}.autoPoolIdPrefix`,
  ]);
  expect(await add(automatic({ poolLifetimeOption: "JobSchedule" }))).toEqual([
    400,
    "InvalidPropertyValue",
    "poolLifetimeOption",
  ]);
  expect(await wrong({ vmSize: "large" })).toEqual([400, "InvalidPropertyValue", `${at}.pool.vmSize`]);
  expect(await wrong({ enableAutoScale: true, autoScaleFormula: formula })).toEqual([
    400,
    "InvalidPropertyValue",
    "targetDedicatedNodes",
  ]);
  expect(await wrong({ resizeTimeout: "PT1M" })).toEqual([400, "InvalidPropertyValue", `${at}.pool.resizeTimeout`]);
  expect(
    await wrong({
      virtualMachineConfiguration: { ...IMAGE, imageReference: { publisher: "a", offer: "b", sku: "c" } },
    }),
  ).toEqual([400, "InvalidPropertyValue", "imageReference"]);
});

test("where the pool cannot be made, the job is taken, completes at once and says why", async ({ expect }) => {
  const { client, emulator } = await startVirtualFixture();
  const add = async (id: string, pool: object) => {
    const body = { id, poolInfo: automatic({ pool }) };
    const { status } = await raw(emulator, { method: "POST", path: "/jobs", body });
    return { status, ...(await client.job.get(id)) };
  };
  const machine = { vmSize: POOL.vmSize, virtualMachineConfiguration: IMAGE };

  const unscalable = await add("formula", { ...machine, enableAutoScale: true, autoScaleFormula: "$x = = 1" });
  const unpackaged = await add("package", { ...POOL, applicationPackageReferences: [{ applicationId: "blender" }] });

  expect(unscalable).toMatchObject({
    status: 201,
    state: "completed",
    previousState: "active",
    executionInfo: {
      poolId: expect.any(String),
      endTime: expect.any(Date),
      schedulingError: {
        category: "UserError",
        code: "InvalidAutoScaleFormulaInAutoPool",
        message: "The specified auto-scaling settings are not valid.",
      },
    },
  });
  expect(unscalable.executionInfo?.terminateReason).toBeUndefined();
  expect(unpackaged).toMatchObject({
    status: 201,
    state: "completed",
    executionInfo: {
      schedulingError: {
        code: "InvalidApplicationPackageReferencesInAutoPool",
        message: "One or more application packages specified for the pool are invalid.",
      },
    },
  });
  expect(await client.pool.list()).toHaveLength(0);
});

test("of the pool of a job only keepAlive can be changed, and only while the job is disabled", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  const poolId = await addJobWithTask(fixture);
  const patch = (poolInfo: BatchServiceModels.PoolInformation) => refusal(client.job.patch("job", { poolInfo }));
  const OK = { status: 0, code: "not refused" };

  expect(await patch(automatic())).toEqual(OK);
  expect(await patch(automatic({ keepAlive: true }))).toEqual({ status: 409, code: "JobNotDisabled" });
  await client.job.disable("job", "requeue");
  await clock.advance(0);
  expect(await patch(automatic({ autoPoolIdPrefix: "other" }))).toMatchObject({ status: 409 });
  expect(await patch({ poolId: "other" })).toMatchObject({ status: 409 });
  expect(await patch(automatic({ keepAlive: true }))).toEqual(OK);
  await client.job.terminate("job");
  await clock.advance(0);

  expect((await client.job.get("job")).state).toBe("completed");
  expect((await client.pool.get(poolId)).state).toBe("active");
});

test("a job with a pool of its own goes on after a kill, and the pool goes with it", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const poolId = await addJobWithTask(fixture, {}, { metadata: [{ name: "a", value: "b" }] });
  await fixture.client.job.patch("job", { onAllTasksComplete: "terminatejob" });
  await fixture.clock.advance(30_000);

  const { client, clock } = await reopen(copyOfData(fixture.dataFolder));
  const resumed = await client.job.get("job");
  const pool = await client.pool.get(poolId);
  await clock.advance(60_000);

  expect(resumed).toMatchObject({ state: "active", executionInfo: { poolId } });
  expect(pool.state).toBe("active");
  expect((await client.job.get("job")).state).toBe("completed");
  expect(await client.pool.list()).toHaveLength(0);
});

test("passwords and keys of a pool's user accounts are neither given back nor kept", async ({ expect }) => {
  const { client, dataFolder, emulator } = await startVirtualFixture();
  const linuxUserConfiguration = { sshPrivateKey: "secret" };
  const userAccounts = [{ name: "user", password: "secret", elevationLevel: "admin" as const, linuxUserConfiguration }];

  await client.pool.add({ ...POOL, id: "pool", userAccounts });
  await client.job.add({ id: "job", poolInfo: automatic({ pool: { ...POOL, userAccounts } }) });
  const texts = [await raw(emulator, { path: "/pools/pool" }), await raw(emulator, { path: "/jobs/job" })].map(
    ({ text }) => text,
  );

  const journal = readFileSync(join(dataFolder, "batch", "journal.jsonl"), "utf8");
  for (const text of [...texts, journal]) {
    expect(text).toContain('"userAccounts":[{"name":"user","elevationLevel":"admin"}]');
    expect(text).not.toContain("secret");
  }
});

test("what an API version does not know is refused and hidden in the pool of a job, too", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const call = (method: string, version: string, path: string, body?: object) =>
    raw(emulator, { method, path: `${path}?api-version=${version}`, ...(body !== undefined && { body }) });
  const job = (pool: object) => ({ id: "job", poolInfo: automatic({ pool: { ...POOL, ...pool } }) });

  const refused = await call("POST", "2025-06-01", "/jobs", job({ targetNodeCommunicationMode: "simplified" }));
  const taken = await call("POST", "2020-03-01.11.0", "/jobs", job({ maxTasksPerNode: 2 }));
  const early = await call("GET", "2020-03-01.11.0", "/jobs/job");
  const late = await call("GET", "2025-06-01", "/jobs/job");

  expect([refused.status, refused.json["code"]]).toEqual([400, "InvalidRequestBody"]);
  expect(taken.status).toBe(201);
  expect(early.text).toContain('"maxTasksPerNode":2');
  expect(early.text).not.toContain("taskSlotsPerNode");
  expect(late.text).toContain('"taskSlotsPerNode":2');
});
