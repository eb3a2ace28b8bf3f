import { afterAll, beforeAll, test, vi } from "vitest";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { createNodeService } from "../../src/azure/batch/nodes.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import type { BatchSettings } from "../../src/batchSettings.ts";
import { readConfig } from "../../src/config.ts";
import { API_VERSIONS } from "../../src/local/batchEmulator/apiVersions.ts";
import type { BatchEmulator } from "../../src/local/batchEmulator/index.ts";
import { startBatchEmulator } from "../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { PATIENCE_MS } from "../patience.ts";

const SPOKEN = API_VERSIONS.slice(API_VERSIONS.indexOf("2022-10-01.16.0"));
const NEEDS = [{ check: "true", packages: ["ffmpeg"] }];
const IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node";

const dataFolder = temporaryFolder(afterAll);
let emulator: BatchEmulator;

beforeAll(async () => {
  emulator = await startBatchEmulator({ dataFolder, poolIdentities: [IDENTITY], maxNodes: 100 });
});

afterAll(() => emulator.stop());

function settingsFor(version: string, env: Record<string, string> = {}): BatchSettings {
  return readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: emulator.endpoint,
    BATCH_ACCOUNT_NAME: emulator.accountName,
    BATCH_ACCOUNT_KEY: emulator.accountKey,
    BATCH_API_VERSION: version,
    BATCH_POOL_ID: `pool-${version.replaceAll(".", "-")}`,
    BATCH_JOB_ID: `job-${version.replaceAll(".", "-")}`,
    BATCH_POOL_SCALING: "fixed",
    ...env,
  }).batch;
}

/** All that the app ever asks of Batch: what a version does not have, the emulator refuses. */
test.concurrent.for(SPOKEN)(
  "with API version %s the app finds in Batch all that it uses",
  async (version, { expect }) => {
    const settings = settingsFor(version);
    const client = connectBatch(settings);
    const batch = createBatchService(client, settings, NEEDS, { sharedLookMs: 0 });
    const nodes = createNodeService(client, settings.poolId);
    const task = (taskId: string, commandLine: string) =>
      batch.addTask({ taskId, commandLine, environment: { A: "b" }, inputs: {}, outputs: [], maxWallClockMinutes: 1 });

    const place = await batch.ensurePoolAndJob();
    const ref = await task("one", "/bin/bash -c 'echo percent=7'");
    const reading = await vi.waitFor(async () => {
      const found = await batch.readTask(ref);
      if (found.state === "completed") return found;
      throw new Error(`The task is still ${found.state}`);
    }, PATIENCE_MS);

    expect(reading).toMatchObject({ succeeded: true });
    expect(await batch.readStdout(ref, 100)).toBe("percent=7\n");
    expect(await batch.readStderr(ref, 100)).toBe("");
    expect(await batch.findTasks("one")).toHaveLength(1);
    expect(await batch.readQueue(place, null)).toMatchObject({ reason: null });
    expect((await batch.readLoad()).tasks).toEqual({ active: 0, running: 0 });

    const [node] = await client.computeNode.list(settings.poolId);
    expect(await nodes.isOurs()).toBe(true);
    expect(await nodes.listBroken()).toEqual([]);
    expect(await nodes.read(node?.id ?? "")).toMatchObject({ tasksSucceeded: 1 });
    await nodes.enableScaling({ formula: "$TargetDedicatedNodes=1;", evaluationInterval: "PT5M" });
    expect(await nodes.readPool()).toMatchObject({ scaling: { evaluationInterval: "PT5M" } });
    await nodes.disableScaling();
    await nodes.stopTasks(node?.id ?? "");
    await vi.waitFor(async () => expect(await nodes.readPool()).toMatchObject({ isSteady: true }), PATIENCE_MS);
    expect(await nodes.remove([node?.id ?? ""])).toBe("accepted");

    const changed = settingsFor(version, { BATCH_POOL_SCALING: "auto" });
    const next = createBatchService(connectBatch(changed), changed, [{ check: "false", packages: ["sox"] }]);
    await next.ensurePoolAndJob();
    expect((await client.pool.get(settings.poolId)).startTask?.commandLine).toContain("sox");

    await batch.terminateTask(ref);
    for await (const [old = ref] of batch.listOldTasks(new Date("2100-01-01"))) await batch.deleteTask(old);
    await batch.deleteOldJobs(new Date("2100-01-01"));
    expect(await batch.readTask(ref)).toMatchObject({ state: "lost" });
  },
);
