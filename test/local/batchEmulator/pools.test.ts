import { test } from "vitest";
import { addPoolAndJob, IMAGE, refusal, startVirtualFixture } from "./emulator.ts";

const POOL = { id: "Pool-1", vmSize: "Standard_D2s_v3", virtualMachineConfiguration: IMAGE };

test("a new pool is resizing and has no nodes, then it is steady and its nodes boot to idle", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({
    timings: { allocationMs: 60_000, bootMs: 60_000, startMs: 60_000 },
  });
  const states = async () => (await client.computeNode.list("pool-1")).map((node) => node.state);

  await client.pool.add({ ...POOL, targetDedicatedNodes: 1, targetLowPriorityNodes: 1 });
  const fresh = await client.pool.get("Pool-1");
  await clock.advance(60_000);
  const allocated = await client.pool.get("POOL-1");

  expect(fresh).toMatchObject({ id: "Pool-1", allocationState: "resizing", currentDedicatedNodes: 0 });
  expect(fresh).toMatchObject({ vmSize: "standard_d2s_v3", resizeTimeout: "PT15M", taskSlotsPerNode: 1 });
  expect(fresh.taskSchedulingPolicy?.nodeFillType).toBe("Spread");
  expect(allocated).toMatchObject({
    allocationState: "steady",
    currentDedicatedNodes: 1,
    currentLowPriorityNodes: 1,
    eTag: fresh.eTag,
  });
  expect(await states()).toEqual(["creating", "creating"]);
  await clock.advance(60_000);
  expect(await states()).toEqual(["starting", "starting"]);
  await clock.advance(60_000);
  expect(await states()).toEqual(["idle", "idle"]);
});

test("a pool shows the identities that every pool has here, and none where there are none", async ({ expect }) => {
  const resourceId = "/subscriptions/s/userAssignedIdentities/node";
  const shown = async (poolIdentities: readonly string[]) => {
    const { client } = await startVirtualFixture({ poolIdentities });
    await client.pool.add({ ...POOL, targetDedicatedNodes: 0 });
    return (await client.pool.get("Pool-1")).identity;
  };
  const guid = expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/);

  const identity = await shown([resourceId]);

  expect(identity).toEqual({
    type: "UserAssigned",
    userAssignedIdentities: [{ resourceId, clientId: guid, principalId: guid }],
  });
  expect(await shown([resourceId])).toEqual(identity);
  expect(await shown([])).toBeUndefined();
});

test("a pool exists from its add until its deletion is over", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { poolDeleteMs: 1000 } });
  const exists = async () => (await client.pool.exists("Pool-1")).body;

  expect(await exists()).toBe(false);
  await client.pool.add({ ...POOL, targetDedicatedNodes: 0 });
  expect(await exists()).toBe(true);
  expect(await refusal(client.pool.add({ ...POOL, id: "POOL-1", targetDedicatedNodes: 0 }))).toEqual({
    status: 409,
    code: "PoolExists",
  });
  await client.pool.deleteMethod("Pool-1");
  expect((await client.pool.get("Pool-1")).state).toBe("deleting");
  expect(await refusal(client.pool.add({ ...POOL, targetDedicatedNodes: 0 }))).toMatchObject({
    code: "PoolBeingDeleted",
  });
  await clock.advance(1000);
  expect(await exists()).toBe(false);
  expect(await refusal(client.pool.get("Pool-1"))).toEqual({ status: 404, code: "PoolNotFound" });
});

test("a resize changes targets and version at once and the nodes later", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { allocationMs: 1000 } });
  await client.pool.add({ ...POOL, targetDedicatedNodes: 2 });
  await clock.advance(2000);
  const before = await client.pool.get("Pool-1");

  await client.pool.resize("Pool-1", { targetDedicatedNodes: 0, targetLowPriorityNodes: 1 });
  const during = await client.pool.get("Pool-1");
  const secondResize = await refusal(client.pool.resize("Pool-1", { targetDedicatedNodes: 1 }));
  await clock.advance(2000);
  const after = await client.pool.get("Pool-1");

  expect(during).toMatchObject({ allocationState: "resizing", targetDedicatedNodes: 0, currentDedicatedNodes: 2 });
  expect(during.eTag).not.toBe(before.eTag);
  expect(secondResize).toEqual({ status: 409, code: "PoolBeingResized" });
  expect(after).toMatchObject({ allocationState: "steady", currentDedicatedNodes: 0, currentLowPriorityNodes: 1 });
  expect(after.eTag).toBe(during.eTag);
});

test("a resize beyond the node limit gives what there is and a quota error", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ maxNodes: 3 });
  await client.pool.add({ ...POOL, targetDedicatedNodes: 5 });
  await clock.advance(0);

  const pool = await client.pool.get("Pool-1");

  expect(pool).toMatchObject({ allocationState: "steady", currentDedicatedNodes: 3, targetDedicatedNodes: 5 });
  expect(pool.resizeErrors?.map((error) => error.code)).toEqual(["AccountCoreQuotaReached"]);
});

test("a stopped resize says so in its errors and keeps its target", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { allocationMs: 60_000 } });
  await client.pool.add({ ...POOL, targetDedicatedNodes: 2, targetLowPriorityNodes: 1 });

  await client.pool.stopResize("Pool-1");
  const during = await client.pool.get("Pool-1");
  await clock.advance(60_000);
  const after = await client.pool.get("Pool-1");

  expect(during.allocationState).toBe("stopping");
  expect(after).toMatchObject({ allocationState: "steady", targetDedicatedNodes: 2, currentDedicatedNodes: 0 });
  const error = (kind: string) => ({
    code: "ResizeStopped",
    message: `Desired number of ${kind} nodes could not be allocated due to a stop resize operation`,
  });
  expect(after.resizeErrors).toEqual([error("dedicated"), error("low priority")]);
});

test("removed nodes leave and lower the target", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await client.pool.add({ ...POOL, targetDedicatedNodes: 3 });
  await clock.advance(0);
  const [first] = await client.computeNode.list("Pool-1");

  await client.pool.removeNodes("Pool-1", { nodeList: [first?.id ?? ""] });
  await clock.advance(0);

  const pool = await client.pool.get("Pool-1");
  expect(pool).toMatchObject({ targetDedicatedNodes: 2, currentDedicatedNodes: 2, allocationState: "steady" });
  const ids = (await client.computeNode.list("Pool-1")).map((node) => node.id);
  expect(ids).toHaveLength(2);
  expect(ids).not.toContain(first?.id);
});

test("shrinking with taskcompletion waits for the task on the node", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.pool.resize("pool", { targetDedicatedNodes: 0, nodeDeallocationOption: "taskcompletion" });
  await clock.advance(30_000);
  const during = await client.pool.get("pool");
  await clock.advance(60_000);

  expect(during).toMatchObject({ allocationState: "resizing", currentDedicatedNodes: 1 });
  expect(await client.pool.get("pool")).toMatchObject({ allocationState: "steady", currentDedicatedNodes: 0 });
  expect((await client.task.get("job", "task")).executionInfo).toMatchObject({ exitCode: 0, requeueCount: 0 });
});

test("patch replaces what is given, and updateproperties removes what is not", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await client.pool.add({
    ...POOL,
    targetDedicatedNodes: 0,
    metadata: [{ name: "a", value: "1" }],
    startTask: { commandLine: "first" },
  });

  await client.pool.patch("Pool-1", { metadata: [{ name: "b", value: "2" }] });
  const patched = await client.pool.get("Pool-1");
  await client.pool.updateProperties("Pool-1", {
    metadata: [],
    certificateReferences: [],
    applicationPackageReferences: [],
  });
  const replaced = await client.pool.get("Pool-1");

  expect(patched).toMatchObject({ metadata: [{ name: "b", value: "2" }], startTask: { commandLine: "first" } });
  expect(patched.startTask).toMatchObject({ waitForSuccess: true, maxTaskRetryCount: 0 });
  expect(replaced.startTask).toBeUndefined();
});

test("a pool without targets has no nodes", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();

  await client.pool.add(POOL);
  await clock.advance(0);

  expect(await client.pool.get(POOL.id)).toMatchObject({
    allocationState: "steady",
    targetDedicatedNodes: 0,
    targetLowPriorityNodes: 0,
    enableAutoScale: false,
  });
});

test("a pool needs no targets beside a formula, a known agent and a resize timeout of five minutes", async ({
  expect,
}) => {
  const { client } = await startVirtualFixture();
  const add = (pool: object) => refusal(client.pool.add({ ...POOL, targetDedicatedNodes: 0, ...pool }));

  expect(await refusal(client.pool.add({ ...POOL, enableAutoScale: true }))).toEqual({
    status: 400,
    code: "MissingRequiredProperty",
  });
  expect(await add({ resizeTimeout: "PT4M59S" })).toEqual({ status: 400, code: "InvalidPropertyValue" });
  expect(await add({ enableAutoScale: true, autoScaleFormula: "$TargetDedicatedNodes=1" })).toMatchObject({
    code: "InvalidPropertyValue",
  });
  expect(await add({ virtualMachineConfiguration: { ...IMAGE, nodeAgentSKUId: "unknown" } })).toEqual({
    status: 404,
    code: "NodeAgentSKUNotFound",
  });
  expect(await add({ virtualMachineConfiguration: { ...IMAGE, nodeAgentSKUId: "batch.node.el 9" } })).toMatchObject({
    code: "InvalidPropertyValue",
  });
});

test("supported images can be filtered by what they run on", async ({ expect }) => {
  const { client } = await startVirtualFixture();

  const images = await client.account.listSupportedImages({
    accountListSupportedImagesOptions: { filter: "verificationType eq 'verified' and osType eq 'windows'" },
  });

  expect(images.map((image) => image.imageReference.publisher)).toEqual(["microsoftwindowsserver"]);
});

test("node counts tell the states of the nodes of a pool", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { targetDedicatedNodes: 2, targetLowPriorityNodes: 1 });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  const [counts] = await client.account.listPoolNodeCounts({
    accountListPoolNodeCountsOptions: { filter: "poolId eq 'pool'", maxResults: 10 },
  });

  expect(counts?.dedicated?.total).toBe(2);
  expect(counts?.lowPriority?.total).toBe(1);
  const running = (counts?.dedicated?.running ?? 0) + (counts?.lowPriority?.running ?? 0);
  expect(running).toBe(1);
});

test("a size that no virtual machine can have is refused", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  const add = (vmSize: string, id: string) => client.pool.add({ ...POOL, id, vmSize, targetDedicatedNodes: 0 });

  await add("STANDARD_A1_v2", "a");
  await add("Standard_E4-2s_v4", "b");

  expect(await refusal(add("D2s_v3", "c"))).toEqual({ status: 400, code: "InvalidPropertyValue" });
});
