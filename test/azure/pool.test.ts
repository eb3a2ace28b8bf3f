import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished, test } from "vitest";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { ensurePool } from "../../src/azure/batch/pool.ts";
import { poolFormula } from "../../src/azure/batch/poolFormula.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import type { BatchSettings } from "../../src/batchSettings.ts";
import { readConfig } from "../../src/config.ts";
import type { BatchEmulator } from "../../src/local/batchEmulator/index.ts";
import type { NodeNeeds } from "../../src/workloads/workload.ts";
import { IMAGE, startVirtualFixture } from "../local/batchEmulator/emulator.ts";

const FFMPEG = { check: "ffmpeg -version", packages: ["ffmpeg"] };
const POPPLER = { check: "pdftotext -v", packages: ["poppler-utils"] };
const FIXED = { BATCH_POOL_SCALING: "fixed", BATCH_DEDICATED_NODES: "2" };

function settingsFor(
  { endpoint, accountName, accountKey }: Pick<BatchEmulator, "endpoint" | "accountName" | "accountKey">,
  env: Record<string, string>,
): BatchSettings {
  return readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: endpoint,
    BATCH_ACCOUNT_NAME: accountName,
    BATCH_ACCOUNT_KEY: accountKey,
    ...env,
  }).batch;
}

/** `ensure` does what a new process does that has these settings and workloads. */
async function start() {
  const { emulator, client, clock } = await startVirtualFixture();
  return {
    emulator,
    client,
    clock,
    ensure: (env: Record<string, string> = {}, needs: readonly NodeNeeds[] = [FFMPEG]) => {
      const settings = settingsFor(emulator, env);
      return ensurePool(connectBatch(settings), settings, needs);
    },
    pool: () => client.pool.get("mp3drop"),
  };
}

test("a new pool follows its queue, begins with a spot node, and asks for nothing that newer versions of the API lack", async ({
  expect,
}) => {
  const { ensure, pool, clock } = await start();

  expect(await ensure()).toEqual({ notices: [], isSettled: true });
  await clock.advance(0);

  const made = await pool();
  expect(made).toMatchObject({
    enableAutoScale: true,
    autoScaleFormula: poolFormula({ mode: "auto", maxNodes: 4, dedicatedPercent: 0 }, 2),
    autoScaleEvaluationInterval: "PT5M",
    currentDedicatedNodes: 0,
    currentLowPriorityNodes: 1,
  });
  expect(made.autoScaleRun?.error).toBeUndefined();
  expect(made.targetNodeCommunicationMode).toBeUndefined();
});

test("a pool of a fixed size has that size", async ({ expect }) => {
  const { ensure, pool } = await start();

  await ensure(FIXED);

  expect(await pool()).toMatchObject({ enableAutoScale: false, targetDedicatedNodes: 2, targetLowPriorityNodes: 0 });
});

test("the next process changes nothing on a pool that is as it wants it", async ({ expect }) => {
  const { ensure, pool } = await start();
  await ensure();
  const { eTag } = await pool();

  expect(await ensure()).toEqual({ notices: [], isSettled: true });
  expect((await pool()).eTag).toBe(eTag);
});

test("a pool of ours gets the formula of new settings, once", async ({ expect }) => {
  const { ensure, pool } = await start();
  await ensure();

  expect(await ensure({ BATCH_MAX_NODES: "9" })).toEqual({
    notices: ["Pool mp3drop was updated: it follows its queue, with at most 9 nodes"],
    isSettled: true,
  });
  expect((await pool()).autoScaleFormula).toBe(poolFormula({ mode: "auto", maxNodes: 9, dedicatedPercent: 0 }, 2));
  expect(await ensure({ BATCH_MAX_NODES: "9" })).toEqual({ notices: [], isSettled: true });
});

test("a pool of ours gets the start task of new workloads, and keeps what others note on it", async ({ expect }) => {
  const { ensure, pool, client } = await start();
  await ensure();
  await client.pool.patch("mp3drop", {
    metadata: [...((await pool()).metadata ?? []), { name: "owner", value: "me" }],
  });

  const { notices } = await ensure({}, [FFMPEG, POPPLER]);

  expect(notices).toEqual(["Pool mp3drop has a new start task, for nodes that join it from now on"]);
  const { startTask, metadata } = await pool();
  expect(startTask?.commandLine).toContain("poppler-utils");
  expect(metadata).toContainEqual({ name: "owner", value: "me" });
  expect((await ensure({}, [FFMPEG, POPPLER])).notices).toEqual([]);
});

test("a pool that is being resized is updated later", async ({ expect }) => {
  const { ensure, pool, clock } = await start();
  await ensure(FIXED);

  const refused = await ensure();
  await clock.advance(0);
  const later = await ensure();

  expect(refused.isSettled).toBe(false);
  expect(refused.notices).toEqual([
    expect.stringMatching(
      /^Pool mp3drop cannot be updated yet, .*could not let pool mp3drop follow .*PoolBeingResized/,
    ),
  ]);
  expect(later).toMatchObject({ isSettled: true });
  expect((await pool()).enableAutoScale).toBe(true);
});

test("a pool that followed its queue gets a fixed size, in as many steps as the service needs", async ({ expect }) => {
  const { ensure, pool, clock } = await start();
  await ensure();
  await clock.advance(0);

  const first = await ensure(FIXED);
  await clock.advance(0);
  const second = await ensure(FIXED);

  expect(first.isSettled).toBe(false);
  expect(second).toEqual({
    notices: ["Pool mp3drop was updated: it has 2 dedicated and 0 spot nodes"],
    isSettled: true,
  });
  expect(await pool()).toMatchObject({ enableAutoScale: false, targetDedicatedNodes: 2, targetLowPriorityNodes: 0 });
});

test("autoscale that was left switched off is switched on again", async ({ expect }) => {
  const { ensure, pool, client, clock } = await start();
  await ensure();
  await clock.advance(0);
  await client.pool.disableAutoScale("mp3drop");
  await clock.advance(0);

  await ensure();

  expect((await pool()).enableAutoScale).toBe(true);
});

test("a formula or a size that somebody set by hand stays until the settings change", async ({ expect }) => {
  const { ensure, pool, client, clock } = await start();
  await ensure();
  await client.pool.enableAutoScale("mp3drop", { autoScaleFormula: "$TargetDedicatedNodes=1;" });

  expect((await ensure()).notices).toEqual([]);
  expect((await pool()).autoScaleFormula).toBe("$TargetDedicatedNodes=1;");

  await clock.advance(30_000);
  await ensure({ BATCH_MAX_NODES: "9" });
  expect((await pool()).autoScaleFormula).toContain("PendingTasks");
});

test("what Batch cannot change is named with what to do, and the formula counts with the slots that the nodes have", async ({
  expect,
}) => {
  const { ensure, pool } = await start();
  await ensure({ BATCH_TASK_SLOTS_PER_NODE: "3", BATCH_VM_SIZE: "Standard_F4s_v2" });

  const { notices, isSettled } = await ensure({
    BATCH_VM_SIZE: "standard_d2s_v3",
    BATCH_NODE_IMAGE: "almalinux:almalinux:9-gen2",
    BATCH_TASK_SLOTS_PER_NODE: "2",
  });

  const remedy = "delete it while it is idle, and the app makes a new one, or choose another BATCH_POOL_ID";
  const because = `and Batch cannot change that: ${remedy}`;
  const image = "canonical:ubuntu-24_04-lts:server";
  expect(notices).toEqual([
    `BATCH_VM_SIZE is standard_d2s_v3, but pool mp3drop has standard_f4s_v2, ${because}`,
    `BATCH_NODE_IMAGE is almalinux:almalinux:9-gen2, but pool mp3drop has ${image}, ${because}`,
    `BATCH_TASK_SLOTS_PER_NODE is 2, but pool mp3drop has 3, ${because}`,
  ]);
  expect(isSettled).toBe(true);
  expect((await pool()).autoScaleFormula).toContain("(tasks > 3)");
});

test("a pool that is not ours stays untouched", async ({ expect }) => {
  const { ensure, pool, client } = await start();
  await client.pool.add({ id: "mp3drop", vmSize: "standard_a1_v2", virtualMachineConfiguration: IMAGE });
  const before = await pool();

  expect(await ensure()).toEqual({ notices: [], isSettled: true });
  expect((await pool()).eTag).toBe(before.eTag);
});

test("a pool that an older version made stays untouched, and that is told", async ({ expect }) => {
  const { ensure, pool, client } = await start();
  const older = { id: "mp3drop", displayName: "mp3drop", vmSize: "standard_d2s_v5" };
  await client.pool.add({ ...older, virtualMachineConfiguration: IMAGE, targetDedicatedNodes: 1 });

  expect((await ensure()).notices).toEqual([
    expect.stringMatching(/^Pool mp3drop was made by an older version of mp3drop and stays as it is: delete it while/),
  ]);
  expect((await pool()).enableAutoScale).toBe(false);
});

test("an identity that may not change pools uses them as they are", async ({ expect }) => {
  const marks = [{ name: "mp3drop-scaling", value: "older" }];
  const server = createServer(({ method }, response) => {
    response.writeHead(method === "GET" ? 200 : 403, { "content-type": "application/json;odata=minimalmetadata" });
    const refusal = { code: "AuthorizationPermissionMismatch", message: { lang: "en-US", value: "You may only read" } };
    response.end(
      JSON.stringify(method === "GET" ? { id: "mp3drop", enableAutoScale: true, metadata: marks } : refusal),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = settingsFor({ endpoint, accountName: "account", accountKey: "a2V5" }, {});

  const { notices, isSettled } = await ensurePool(connectBatch(settings), settings, []);

  expect(isSettled).toBe(true);
  expect(notices[0]).toBe(
    "Pool mp3drop stays as it is: Azure Batch could not let pool mp3drop follow its queue: " +
      "AuthorizationPermissionMismatch: You may only read",
  );
});

test("a process that could not update the pool tries again, also while tasks only wait, and tells each notice once", async ({
  expect,
}) => {
  const { ensure, emulator, pool, clock } = await start();
  await ensure(FIXED);
  const settings = settingsFor(emulator, {});
  const batch = createBatchService(connectBatch(settings), settings, [FFMPEG], { sharedLookMs: 0 });

  await batch.ensurePoolAndJob();
  await batch.ensurePoolAndJob();
  expect(batch.takeNotices()).toEqual([expect.stringContaining("PoolBeingResized")]);
  expect(batch.takeNotices()).toEqual([]);
  await clock.advance(0);
  await batch.readQueue({ poolId: settings.poolId, jobId: settings.jobId }, null);

  expect(batch.takeNotices()).toEqual(["Pool mp3drop was updated: it follows its queue, with at most 4 nodes"]);
  expect((await pool()).enableAutoScale).toBe(true);
});
