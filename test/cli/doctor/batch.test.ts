import { createServer } from "node:http";
import type { ExpectStatic } from "vitest";
import { test } from "vitest";
import { connectBatch } from "../../../src/azure/batch/client.ts";
import { createNodeService } from "../../../src/azure/batch/nodes.ts";
import { ensurePool } from "../../../src/azure/batch/pool.ts";
import { checkBatch } from "../../../src/cli/doctor/batch.ts";
import { examine } from "../../../src/cli/doctor/examine.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { Secrets } from "../../../src/cli/doctor/secrets.ts";
import type { BatchSettings } from "../../../src/batchSettings.ts";
import { readConfig } from "../../../src/config.ts";
import type { FaultPlanInput } from "../../../src/local/batchEmulator/index.ts";
import { listen } from "../../azure/standInAzure.ts";
import { IMAGE, INSTANT, startVirtualFixture } from "../../local/batchEmulator/emulator.ts";

const FOCAL = "canonical:0001-com-ubuntu-server-focal:20_04-lts";
const IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node";
const POOL = { id: "mp3drop", vmSize: "standard_d2ds_v5", virtualMachineConfiguration: IMAGE, taskSlotsPerNode: 2 };

async function start(faults: FaultPlanInput = {}, env: Readonly<Record<string, string>> = {}) {
  const { emulator, client, clock } = await startVirtualFixture({
    faults,
    timings: { ...INSTANT, poolDeleteMs: 60_000 },
  });
  const settings = settingsFor(emulator, env);
  return { client, clock, settings, look: (now?: number) => look(settings, now) };
}

function settingsFor(
  { endpoint, accountName, accountKey }: { endpoint: string; accountName: string; accountKey: string },
  env: Readonly<Record<string, string>>,
): BatchSettings {
  return readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: endpoint,
    BATCH_ACCOUNT_NAME: accountName,
    BATCH_ACCOUNT_KEY: accountKey,
    ...env,
  }).batch;
}

function look(settings: BatchSettings, now = Date.UTC(2026, 0, 1), isPersons = false): Promise<Finding[]> {
  const check = checkBatch({ client: connectBatch(settings), settings, isPersons, now: () => now });
  return examine([check], { secrets: new Secrets() });
}

/** All others are well, and this is what is not. */
function expectOnly(expect: ExpectStatic, found: readonly Finding[], ...bad: readonly object[]): void {
  expect(found.filter(({ state }) => state !== "ok")).toEqual(bad);
}

test("an account without a pool and a job is well: the first conversion makes them", async ({ expect }) => {
  const { look: lookNow } = await start();

  expect(await lookNow()).toEqual([
    { what: "Batch", state: "ok", detail: "127.0.0.1 answers" },
    { what: "node image", state: "ok", detail: "canonical:ubuntu-24_04-lts:server is offered and verified" },
    { what: "pool mp3drop", state: "ok", detail: "not there yet: the first conversion makes it" },
    { what: "nodes", state: "ok", detail: "none is broken" },
    { what: "job mp3drop", state: "ok", detail: "not there yet: the next conversion makes a new one" },
  ]);
});

test("a pool of ours and an open job are well", async ({ expect }) => {
  const { client, settings, look: lookNow } = await start();
  await ensurePool(client, settings, []);
  await client.job.add({ id: "mp3drop", poolInfo: { poolId: "mp3drop" } });

  const found = await lookNow();

  expectOnly(expect, found);
  expect(found).toContainEqual({ what: "job mp3drop", state: "ok", detail: "it takes tasks; 0 wait, 0 run" });
});

test("a wrong key is said to be one, or a missing role where a person signs in", async ({ expect }) => {
  const { settings } = await start({}, { BATCH_ACCOUNT_KEY: Buffer.from("another key").toString("base64") });

  expect(await look(settings)).toEqual([
    {
      what: "Batch",
      state: "wrong",
      detail: expect.stringContaining("Azure Batch could not list its images: AuthenticationFailed"),
      hint: expect.stringContaining("BATCH_ACCOUNT_KEY"),
    },
  ]);
  expect(await look(settings, 0, true)).toMatchObject([
    { what: "Batch", state: "unknown", hint: expect.stringContaining("Azure Batch Data Contributor") },
  ]);
});

test("an account that does not answer is one finding, not one for each thing in it", async ({ expect }) => {
  const port = await listen(createServer((request) => request.socket.destroy()));
  const endpoint = `http://127.0.0.1:${port}`;
  const settings = settingsFor({ endpoint, accountName: "a", accountKey: "a2V5" }, {});

  expect(await look(settings)).toMatchObject([
    { what: "Batch", state: "wrong", hint: expect.stringContaining("BATCH_ACCOUNT_ENDPOINT") },
  ]);
});

test.for([
  ["canonical:ubuntu-26_04-lts:server", 0, "wrong", "Batch does not offer canonical:ubuntu-26_04-lts:server"],
  ["almalinux:almalinux:9-gen2", 0, "wrong", "almalinux:almalinux:9-gen2 is not verified for Batch"],
  [FOCAL, Date.UTC(2026, 0, 1), "wrong", `the support of ${FOCAL} ended on 2025-04-22`],
  [FOCAL, Date.UTC(2025, 1, 1), "warning", `the support of ${FOCAL} ends on 2025-04-22`],
] as const)("the image %s at %s is %s", async ([image, now, state, detail], { expect }) => {
  const { look: lookAt } = await start({}, { BATCH_NODE_IMAGE: image });

  const hint = expect.stringContaining("Set BATCH_NODE_IMAGE");
  expectOnly(expect, await lookAt(now), { what: "node image", state, detail, hint });
});

test("a pool that cannot grow for want of quota says what to request", async ({ expect }) => {
  const {
    client,
    clock,
    look: lookNow,
  } = await start({
    resizes: [{ code: "AccountLowPriorityCoreQuotaReached", message: "no cores left" }],
  });
  await client.pool.add({ ...POOL, targetLowPriorityNodes: 1 });
  await clock.advance(0);

  expectOnly(expect, await lookNow(), {
    what: "pool mp3drop",
    state: "wrong",
    detail: "it cannot become larger: AccountLowPriorityCoreQuotaReached: no cores left",
    hint: expect.stringContaining("Request more cores"),
  });
});

test("a formula that fails is told in the service's words", async ({ expect }) => {
  const { client, clock, look: lookNow } = await start();
  await client.pool.add({ ...POOL, enableAutoScale: true, autoScaleFormula: "$TargetDedicatedNodes=nodes" });
  await clock.advance(0);

  expectOnly(expect, await lookNow(), {
    what: "pool mp3drop",
    state: "wrong",
    detail: expect.stringContaining("the autoscale formula failed: AutoScalingFormulaEvaluationError"),
    hint: expect.stringContaining("formula"),
  });
});

test("a pool of another VM size, and one without the identity, are named", async ({ expect }) => {
  const { client, look: lookNow } = await start(
    {},
    { BATCH_VM_SIZE: "standard_d4ds_v5", BATCH_NODE_IDENTITY_ID: IDENTITY },
  );

  expectOnly(expect, await lookNow(), {
    what: "pool mp3drop",
    state: "wrong",
    detail: expect.stringContaining("There is no pool mp3drop."),
    hint: expect.stringContaining("azd provision"),
  });
  await client.pool.add({ ...POOL, targetDedicatedNodes: 0 });

  expectOnly(
    expect,
    await lookNow(),
    { what: "pool mp3drop", state: "wrong", detail: expect.stringContaining(`lacks the identity ${IDENTITY}`) },
    {
      what: "pool mp3drop",
      state: "warning",
      detail: expect.stringContaining("BATCH_VM_SIZE is standard_d4ds_v5, but pool mp3drop has standard_d2ds_v5"),
    },
  );
});

test("a pool that is being deleted, and one of an older version, are named", async ({ expect }) => {
  const { client, look: lookNow } = await start();
  await client.pool.add({ ...POOL, displayName: "mp3drop", targetDedicatedNodes: 0 });

  expectOnly(expect, await lookNow(), {
    what: "pool mp3drop",
    state: "warning",
    detail: expect.stringContaining("was made by an older version of mp3drop and stays as it is"),
  });
  await client.pool.deleteMethod("mp3drop");

  expectOnly(expect, await lookNow(), {
    what: "pool mp3drop",
    state: "wrong",
    detail: "it is being deleted",
    hint: expect.any(String),
  });
});

test("nodes whose start task failed are one finding, with how many and one of them", async ({ expect }) => {
  const { client, clock, look: lookNow } = await start({ startTasks: [{ exitCode: 100 }] });
  const startTask = { commandLine: "/bin/false", waitForSuccess: true };
  await client.pool.add({ ...POOL, startTask, targetDedicatedNodes: 2 });
  await clock.advance(1000);

  expectOnly(expect, await lookNow(), {
    what: "nodes",
    state: "wrong",
    detail: expect.stringMatching(/^the start task failed on 2 nodes, such as \S+ since 2026-01-01T12:00:0\S+: /),
    hint: expect.stringContaining("startup/stderr.txt"),
  });
});

test.for([
  ["true", "warning", "The app reboots and then removes such nodes"],
  ["false", "wrong", "Remove them from the pool."],
] as const)("an unusable node with BATCH_REPAIR_NODES=%s is %s", async ([repair, state, hint], { expect }) => {
  const {
    client,
    clock,
    look: lookNow,
  } = await start({ nodes: [{ what: "unusable", times: 1 }] }, { BATCH_REPAIR_NODES: repair });
  await client.pool.add({ ...POOL, targetDedicatedNodes: 1 });
  await client.job.add({ id: "mp3drop", poolInfo: { poolId: "mp3drop" } });
  await client.task.add("mp3drop", { id: "task", commandLine: "/bin/true" });
  await clock.advance(1000);

  expectOnly(
    expect,
    await lookNow(),
    {
      what: "nodes",
      state,
      detail: expect.stringMatching(/^1 node of pool mp3drop unusable, such as /),
      hint: expect.stringContaining(hint),
    },
    expect.objectContaining({ what: "job mp3drop", state: "warning" }),
  );
});

test.for([
  ["true", "warning", "The app replaces such nodes"],
  ["false", "wrong", "Remove them from the pool."],
] as const)(
  "a node that the app has taken out of service with BATCH_REPAIR_NODES=%s is %s",
  async ([repair, state, hint], { expect }) => {
    const { client, clock, look: lookNow } = await start({}, { BATCH_REPAIR_NODES: repair });
    await client.pool.add({ ...POOL, targetDedicatedNodes: 1 });
    await clock.advance(1000);
    const [node] = await client.computeNode.list("mp3drop");
    await createNodeService(client, "mp3drop").stopTasks(node?.id ?? "");

    expect((await lookNow()).find(({ what }) => what === "nodes")).toEqual({
      what: "nodes",
      state,
      detail: expect.stringMatching(
        /^the app has taken 1 node of pool mp3drop out of service because videos failed there, such as \S+ since \S+$/,
      ),
      hint: expect.stringContaining(hint),
    });
  },
);

test("tasks that wait for nodes that do not come are told with the reason", async ({ expect }) => {
  const { client, look: lookNow } = await start();
  await client.pool.add({ ...POOL, targetDedicatedNodes: 0 });
  await client.job.add({ id: "mp3drop", poolInfo: { poolId: "mp3drop" } });
  await client.task.add("mp3drop", { id: "task", commandLine: "/bin/true" });

  expectOnly(expect, await lookNow(), {
    what: "job mp3drop",
    state: "warning",
    detail: "it takes tasks; 1 wait, 0 run: waiting for a node: the pool has 0 of 0 nodes, 0 ready",
    hint: expect.stringContaining("the pool"),
  });
});

test("a job that somebody has ended is followed by another", async ({ expect }) => {
  const { client, clock, look: lookNow } = await start();
  await client.pool.add({ ...POOL, targetDedicatedNodes: 0 });
  await client.job.add({ id: "mp3drop", poolInfo: { poolId: "mp3drop" } });
  await client.job.terminate("mp3drop");
  await clock.advance(1000);

  expect(await lookNow()).toContainEqual({
    what: "job mp3drop",
    state: "ok",
    detail: "mp3drop is completed: the next conversion makes a new one",
  });
});
