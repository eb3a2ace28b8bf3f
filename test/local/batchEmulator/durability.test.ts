import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { startBatchEmulator, VirtualClock } from "../../../src/local/batchEmulator/index.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { copyOfData, reopen } from "./afterKill.ts";
import { addPoolAndJob, connect, IMAGE, INSTANT, startVirtualFixture } from "./emulator.ts";

const START = Date.UTC(2026, 0, 1, 12);

test("after a kill the same pools, jobs and tasks are there, byte for byte where nothing ran", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client, { metadata: [{ name: "a", value: "é" }] }, { priority: 7 });
  await client.task.add("job", { id: "done", commandLine: "work" });
  await clock.advance(60_000);
  await client.job.disable("job", "wait");
  await clock.advance(0);
  await client.task.add("job", { id: "waiting", commandLine: "work" });
  const before = [await client.job.get("job"), ...(await client.task.list("job"))];

  const again = await reopen(copyOfData(dataFolder));

  const after = [await again.client.job.get("job"), ...(await again.client.task.list("job"))];
  const comparable = (things: readonly object[]) => things.map((thing) => JSON.stringify(thing, withoutPlace));
  expect(comparable(after)).toEqual(comparable(before));
  expect(await again.client.pool.get("pool")).toMatchObject({ metadata: [{ name: "a", value: "é" }], state: "active" });
});

test("a task that ran when the emulator was killed is requeued uncounted and runs again", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(30_000);
  expect((await client.task.get("job", "task")).state).toBe("running");

  const again = await reopen(copyOfData(dataFolder));
  const requeued = await again.client.task.get("job", "task");
  await again.clock.advance(60_000);

  expect(requeued).toMatchObject({ state: "active", executionInfo: { requeueCount: 0, retryCount: 0 } });
  expect(requeued.executionInfo?.startTime).toBeUndefined();
  expect((await again.client.task.get("job", "task")).executionInfo?.result).toBe("success");
});

test("a job without tasks that was about to end when the emulator was killed ends all the same", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture({ timings: { jobTerminateMs: 1000 } });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" }, onAllTasksComplete: "terminatejob" });

  const again = await reopen(copyOfData(dataFolder), clock.now());
  await again.clock.advance(1000);

  expect(await again.client.job.get("job")).toMatchObject({
    state: "completed",
    executionInfo: { terminateReason: "AllTasksComplete" },
  });
});

test("dependencies that were satisfied before a kill stay satisfied", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { usesTaskDependencies: true });
  await client.task.add("job", { id: "1", commandLine: "work" });
  await clock.advance(60_000);
  await client.task.addCollection("job", [
    { id: "a", commandLine: "work", dependsOn: { taskIds: ["1"] } },
    { id: "b", commandLine: "work", dependsOn: { taskIds: ["missing"] } },
  ]);

  const again = await reopen(copyOfData(dataFolder));
  await again.clock.advance(300_000);

  const tasks = await again.client.task.list("job");
  expect(Object.fromEntries(tasks.map(({ id, state }) => [id, state]))).toEqual({
    1: "completed",
    a: "completed",
    b: "active",
  });
});

test("what was being deleted or ended goes on after a kill", async ({ expect }) => {
  const slow = { ...INSTANT, poolDeleteMs: 60_000, jobDeleteMs: 60_000, jobTerminateMs: 60_000 };
  const { client, dataFolder } = await startVirtualFixture({ timings: slow });
  await addPoolAndJob(client);
  await client.job.add({ id: "ending", poolInfo: { poolId: "pool" } });
  await client.job.deleteMethod("job");
  await client.job.terminate("ending");
  await client.pool.deleteMethod("pool");

  const again = await reopen(copyOfData(dataFolder));
  await again.clock.advance(60_000);

  expect((await again.client.job.list()).map(({ id, state }) => [id, state])).toEqual([["ending", "completed"]]);
  expect(await again.client.pool.list()).toHaveLength(0);
});

test("the journal can be cut at any byte, and what is whole in it is read", async ({ expect }) => {
  const { client, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client);
  for (let i = 0; i < 5; i++) await client.task.add("job", { id: `task-${i}`, commandLine: "work" });
  const journal = readFileSync(join(dataFolder, "batch", "journal.jsonl"));

  let lastCount = 0;
  for (let length = 0; length <= journal.length; length += 397) {
    const copy = temporaryFolder();
    mkdirSync(join(copy, "batch"));
    const path = join(copy, "batch", "journal.jsonl");
    writeFileSync(path, journal);
    truncateSync(path, length);
    const emulator = await startBatchEmulator({
      dataFolder: copy,
      clock: new VirtualClock(START),
      virtualTasks: { seconds: 60 },
    });
    const jobs = await connect(emulator).job.list();
    const count = jobs.length === 0 ? 0 : (await connect(emulator).task.list("job")).length;
    await emulator.stop();
    expect(count).toBeGreaterThanOrEqual(lastCount);
    lastCount = count;
  }
  expect(lastCount).toBeGreaterThan(3);
});

test("a second emulator on the same data folder is refused", async ({ expect }) => {
  const { dataFolder } = await startVirtualFixture();

  await expect(startBatchEmulator({ dataFolder })).rejects.toMatchObject({
    name: "UserError",
    code: "DataFolderInUse",
  });
});

test("a port that is taken is named with what to do", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const port = Number(new URL(emulator.endpoint).port);

  await expect(startBatchEmulator({ dataFolder: temporaryFolder(), port })).rejects.toMatchObject({
    code: "PortInUse",
    message: expect.stringContaining(String(port)),
  });
});

/** The port is another one after a restart. */
function withoutPlace(name: string, value: unknown): unknown {
  if (name === "request" || name === "_response" || name === "date" || name === "requestId") return undefined;
  return typeof value === "string" ? value.replace(/http:\/\/127\.0\.0\.1:\d+/, "") : value;
}

test("the same seed and the same requests leave the same journal, to the byte", async ({ expect }) => {
  const course = async (): Promise<string> => {
    const { client, clock, dataFolder } = await startVirtualFixture({
      virtualTasks: { seconds: [5, 60], failureRate: 0.3 },
      faults: { nodes: [{ what: "preempt", rate: 0.2 }], startTasks: [{ rate: 0.3 }], uploads: [{ rate: 0.3 }] },
    });
    const startTask = { commandLine: "prepare", maxTaskRetryCount: 2 };
    await addPoolAndJob(client, { startTask, targetLowPriorityNodes: 3 }, { usesTaskDependencies: true });
    await client.job.add({ id: "urgent", poolInfo: { poolId: "pool" }, priority: 100 });
    for (let i = 0; i < 40; i++) {
      const dependsOn = i % 4 === 3 ? { dependsOn: { taskIds: [String(i - 1)] } } : {};
      await client.task.add("job", { id: String(i), commandLine: "work", ...dependsOn });
      if (i % 5 === 0) await client.task.add("urgent", { id: String(i), commandLine: "work" });
      await clock.advance(4_000);
    }
    await client.pool.resize("pool", { targetDedicatedNodes: 0, nodeDeallocationOption: "taskcompletion" });
    await client.job.terminate("job");
    await clock.advance(600_000);
    return readFileSync(join(dataFolder, "batch", "journal.jsonl"), "utf8").replaceAll(dataFolder, "");
  };

  expect(await course()).toBe(await course());
});

test("an emulator on hold has its address, and runs no task and answers nobody before it is told to", async ({
  expect,
}) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(30_000);
  let goOn = (): void => {};
  const holdUntil = new Promise<void>((resolve) => (goOn = resolve));
  const later = new VirtualClock(START + 3_600_000);
  const again = await startVirtualFixture({ dataFolder: copyOfData(dataFolder), clock: later, holdUntil });
  const answer = again.client.task.get("job", "task");

  await later.advance(3_600_000);
  goOn();
  const afterHold = await answer;
  await later.advance(60_000);

  expect(afterHold).toMatchObject({ state: "active", executionInfo: { requeueCount: 0 } });
  expect((await again.client.task.get("job", "task")).executionInfo).toMatchObject({
    result: "success",
    startTime: new Date(START + 2 * 3_600_000),
  });
});

test("an emulator that is stopped while it is on hold runs nothing", async ({ expect }) => {
  let goOn = (): void => {};
  const holdUntil = new Promise<void>((resolve) => (goOn = resolve));
  const { emulator, client } = await startVirtualFixture({ holdUntil });
  const answer = client.job.list();

  await emulator.stop();
  goOn();

  await expect(answer).rejects.toThrow();
});

test("a pool with networks and disks that are not taken any more is still there after an upgrade", async ({
  expect,
}) => {
  const { client, emulator, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client);
  await emulator.stop();
  const path = join(dataFolder, "batch", "journal.jsonl");
  const lax = {
    networkConfiguration: { endpointConfiguration: { inboundNATPools: [{ name: "x" }] } },
    virtualMachineConfiguration: { ...IMAGE, dataDisks: [{}], osDisk: { caching: "much" } },
  };
  const lines = readFileSync(path, "utf8").split("\n");
  const edited = lines.map((line) => {
    if (!line.startsWith('{"pool"')) return line;
    const entry = JSON.parse(line) as { v: { spec: object } };
    return JSON.stringify({ ...entry, v: { ...entry.v, spec: { ...entry.v.spec, ...lax } } });
  });
  writeFileSync(path, edited.join("\n"));

  const later = await startVirtualFixture({ dataFolder });

  const pool = await later.client.pool.get("pool");
  expect(pool.virtualMachineConfiguration?.dataDisks).toHaveLength(1);
  expect(pool.networkConfiguration).toBeUndefined();
  await later.clock.advance(0);
  expect(await later.client.computeNode.list("pool")).toHaveLength(1);
});
