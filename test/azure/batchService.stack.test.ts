import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test, vi } from "vitest";
import { withdraw } from "../../src/activities/withdraw.ts";
import { connectBatch } from "../../src/azure/batch/client.ts";
import { createBatchService } from "../../src/azure/batch/service.ts";
import type { NewTask, QueueReading, TaskReading } from "../../src/model/batchTask.ts";
import type { BatchSettings } from "../../src/batchSettings.ts";
import { readConfig } from "../../src/config.ts";
import { BatchError } from "../../src/model/errors.ts";
import type { BatchEmulator, BatchEmulatorOptions } from "../../src/local/batchEmulator/index.ts";
import { startBatchEmulator } from "../../src/local/batchEmulator/index.ts";
import type { BatchService } from "../../src/services.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { PATIENCE_MS } from "../patience.ts";

interface Fixture {
  readonly emulator: BatchEmulator;
  readonly settings: BatchSettings;
  readonly batch: BatchService;
}

/** Our service over the shipped client, against the emulator, whose nodes find a stand-in for ffmpeg. */
async function start(options: Partial<BatchEmulatorOptions> = {}, env: Record<string, string> = {}): Promise<Fixture> {
  const bin = temporaryFolder();
  mkdirSync(bin, { recursive: true });
  for (const tool of ["ffmpeg", "ffprobe"]) writeFileSync(join(bin, tool), "#!/bin/bash\n", { mode: 0o755 });
  const emulator = await startBatchEmulator({ dataFolder: temporaryFolder(), nodeBinFolders: [bin], ...options });
  onTestFinished(() => emulator.stop());
  const { batch: settings } = readConfig({
    STORAGE: "UseDevelopmentStorage=true",
    BATCH_ACCOUNT_ENDPOINT: emulator.endpoint,
    BATCH_ACCOUNT_NAME: emulator.accountName,
    BATCH_ACCOUNT_KEY: emulator.accountKey,
    ...env,
  });
  return {
    emulator,
    settings,
    batch: createBatchService(connectBatch(settings), settings, NEEDS, { sharedLookMs: 0 }),
  };
}

const LATER = "2100-01-01T00:00:00.000Z";

function readQueue(batch: BatchService, addedAt: string | null = LATER): Promise<QueueReading> {
  return batch.readQueue({ poolId: "mp3drop", jobId: "mp3drop" }, addedAt);
}

const NEEDS = [{ check: "ffmpeg -version && ffprobe -version", packages: ["ffmpeg"] }];

function task(taskId: string, commandLine = "/bin/bash -c 'echo percent=7'"): NewTask {
  return { taskId, commandLine, environment: {}, inputs: {}, outputs: [], maxWallClockMinutes: 1 };
}

/** Looks until what is looked for is there. */
function eventually<Found>(look: () => Promise<Found>): Promise<Found> {
  return vi.waitFor(look, { timeout: PATIENCE_MS, interval: 20 });
}

function whenCompleted(batch: BatchService, ref: Parameters<BatchService["readTask"]>[0]): Promise<TaskReading> {
  return eventually(async () => {
    const reading = await batch.readTask(ref);
    if (reading.state === "completed") return reading;
    throw new Error(`The task is still ${reading.state}`);
  });
}

/** As the daily clean-up does it. Returns how many tasks were old. */
async function cleanUpTasks(batch: BatchService, before: Date): Promise<number> {
  let deleted = 0;
  for await (const tasks of batch.listOldTasks(before)) {
    for (const old of tasks) await batch.deleteTask(old);
    deleted += tasks.length;
  }
  await batch.deleteOldJobs(before);
  return deleted;
}

test("pool and job are created if they are absent, and found again by the next process", async ({ expect }) => {
  const { settings, batch } = await start();

  const [first, second] = await Promise.all([batch.ensurePoolAndJob(), batch.ensurePoolAndJob()]);
  const other = createBatchService(connectBatch(settings), settings, NEEDS);

  expect(first).toEqual({ poolId: "mp3drop", jobId: "mp3drop" });
  expect(second).toEqual(first);
  expect(await other.ensurePoolAndJob()).toEqual(first);
});

test("a task runs on a node of the pool, and its progress can be read", async ({ expect }) => {
  const { batch } = await start();

  const ref = await batch.addTask(task("one"));

  expect(await whenCompleted(batch, ref)).toMatchObject({ succeeded: true, exitCode: 0, failure: null });
  expect(await batch.readStdout(ref, 100)).toBe("percent=7\n");
});

test("adding a task again changes nothing", async ({ expect }) => {
  const { batch } = await start();

  const first = await batch.addTask(task("one"));

  expect(await batch.addTask(task("one", "/bin/false"))).toEqual({ ...first, addedBefore: expect.any(String) });
  expect(await whenCompleted(batch, first)).toMatchObject({ succeeded: true });
});

test("the tasks of a conversion are found by how their ids begin, and there are none before there is a job", async ({
  expect,
}) => {
  const { batch } = await start();

  expect(await batch.findTasks("a-")).toEqual([]);
  for (const id of ["a-1", "a-1-1", "ab-1", "b-1"]) await batch.addTask(task(id));

  const at = { poolId: "mp3drop", jobId: "mp3drop" };
  expect(await batch.findTasks("a-")).toEqual([
    { ...at, taskId: "a-1" },
    { ...at, taskId: "a-1-1" },
  ]);
});

test("a task that fails says how", async ({ expect }) => {
  const { batch } = await start();

  const exits = await batch.addTask(task("exits", "/bin/bash -c 'exit 3'"));
  const lacks = await batch.addTask(task("lacks", "no-such-program"));

  expect(await whenCompleted(batch, exits)).toMatchObject({
    succeeded: false,
    exitCode: 3,
    failure: { code: "FailureExitCode" },
  });
  expect(await whenCompleted(batch, lacks)).toMatchObject({
    exitCode: null,
    failure: { code: "CommandProgramNotFound" },
  });
});

test("a task can be ended and deleted, and both again", async ({ expect }) => {
  const { batch } = await start();
  const ref = await batch.addTask(task("long", "/bin/sleep 600"));

  await batch.terminateTask(ref);
  await batch.terminateTask(ref);

  expect(await whenCompleted(batch, ref)).toMatchObject({ failure: { code: "TaskEnded" } });
  await batch.deleteTask(ref);
  await batch.deleteTask(ref);
  await batch.terminateTask(ref);
  expect(await batch.readTask(ref)).toMatchObject({ state: "lost" });
  expect(await batch.readStdout(ref, 100)).toBe("");
});

test("tasks that ended long ago are deleted, others stay", async ({ expect }) => {
  const { batch } = await start();
  const done = await batch.addTask(task("done"));
  await whenCompleted(batch, done);
  const runs = await batch.addTask(task("runs", "/bin/sleep 600"));

  expect(await cleanUpTasks(batch, new Date("2020-01-01"))).toBe(0);
  expect(await cleanUpTasks(batch, new Date("2100-01-01"))).toBe(1);
  expect(await batch.readTask(done)).toMatchObject({ state: "lost" });
  expect((await batch.readTask(runs)).state).not.toBe("lost");
});

test("a task that waits can be withdrawn, and adding it again starts nothing; one that runs goes on", async ({
  expect,
}) => {
  const { batch, settings } = await start({}, { BATCH_TASK_SLOTS_PER_NODE: "1" });
  const runs = await batch.addTask(task("runs", "/bin/sleep 600"));
  await eventually(async () => expect((await batch.readTask(runs)).state).toBe("running"));
  const waits = await batch.addTask(task("waits"));

  expect(await withdraw(batch, runs)).toBe(false);
  expect(await withdraw(batch, waits)).toBe(true);

  expect(await batch.addTask(task("waits"))).toEqual({ ...waits, addedBefore: expect.any(String) });
  await batch.terminateTask(runs);
  await eventually(async () =>
    expect((await connectBatch(settings).job.getTaskCounts("mp3drop")).taskCounts.completed).toBe(2),
  );
  expect(await batch.readTask(waits)).toMatchObject({
    state: "completed",
    startedAt: null,
    failure: { code: "TaskEnded" },
  });
  expect(await withdraw(batch, waits)).toBe(true);
});

test("a job that takes no more tasks is replaced by its next generation", async ({ expect }) => {
  const { settings, batch } = await start();
  await batch.ensurePoolAndJob();
  const client = connectBatch(settings);
  await client.job.terminate("mp3drop");

  await expect(batch.addTask(task("one"))).rejects.toThrow(/Job(BeingTerminated|Completed)/);

  expect(await batch.addTask(task("one"))).toEqual({ poolId: "mp3drop", jobId: "mp3drop-2", taskId: "one" });
});

test("a task that waits in a job that somebody closed is lost", async ({ expect }) => {
  const { settings, batch } = await start({ maxNodes: 0 });
  const ref = await batch.addTask(task("one"));
  await connectBatch(settings).job.disable("mp3drop", "wait");

  const reading = await eventually(async () => {
    const found = await batch.readTask(ref);
    if (found.state === "lost") return found;
    throw new Error(`Still ${found.state}`);
  });

  expect(reading.reason).toMatch(/^Job mp3drop is disabl(ed|ing): it runs no tasks$/);
});

test("generations of the job that are completed go with the old tasks", async ({ expect }) => {
  const { settings, batch } = await start();
  await batch.ensurePoolAndJob();
  const client = connectBatch(settings);
  await client.job.terminate("mp3drop");
  await eventually(async () => expect((await client.job.get("mp3drop")).state).toBe("completed"));
  await batch.ensurePoolAndJob({ isFresh: true });

  await cleanUpTasks(batch, new Date());

  await eventually(() => expect(client.job.get("mp3drop")).rejects.toMatchObject({ code: "JobNotFound" }));
});

test("looking for the job and cleaning up make neither a pool nor a job", async ({ expect }) => {
  const { settings, batch } = await start();

  expect(await batch.findJob()).toBeUndefined();
  expect(await cleanUpTasks(batch, new Date())).toBe(0);

  const client = connectBatch(settings);
  expect([...(await client.pool.list())]).toEqual([]);
  expect([...(await client.job.list())]).toEqual([]);
});

test("the load is that of the pool and of every open generation of the job; looking for it makes neither", async ({
  expect,
}) => {
  const { settings, batch } = await start({}, { BATCH_TASK_SLOTS_PER_NODE: "1" });
  const client = connectBatch(settings);
  expect(await batch.readLoad()).toEqual({ nodes: null, tasks: { active: 0, running: 0 } });
  expect([...(await client.job.list())]).toEqual([]);

  await client.job.add({ id: "mp3drop-2", poolInfo: { poolId: "mp3drop" } });
  await batch.addTask(task("runs", "/bin/sleep 600"));
  await client.job.add({ id: "mp3drop-3", poolInfo: { poolId: "mp3drop" } });
  await client.task.add("mp3drop-3", { id: "waits", commandLine: "/bin/sleep 600" });
  await eventually(async () => expect((await batch.readLoad()).tasks).toEqual({ active: 1, running: 1 }));
  await client.job.add({ id: "mp3drop-other", poolInfo: { poolId: "mp3drop" } });
  await client.task.add("mp3drop-other", { id: "waits", commandLine: "/bin/true" });
  expect((await batch.readLoad()).tasks).toEqual({ active: 1, running: 1 });

  const { nodes } = await batch.readLoad();
  expect(nodes).toMatchObject({ dedicated: { running: 0 }, spot: { running: 1, idle: 0 } });
  expect(nodes?.dedicated).not.toHaveProperty("total");
});

test("new tasks go to the newest generation of the job, also when an older one is gone or open again", async ({
  expect,
}) => {
  const { settings } = await start();
  const client = connectBatch(settings);
  const nextProcess = (): BatchService => createBatchService(connectBatch(settings), settings, NEEDS);
  await nextProcess().ensurePoolAndJob();
  await client.job.disable("mp3drop", "requeue");
  await eventually(async () => expect((await client.job.get("mp3drop")).state).toBe("disabled"));
  expect(await nextProcess().ensurePoolAndJob()).toMatchObject({ jobId: "mp3drop-2" });

  await client.job.enable("mp3drop");
  expect(await nextProcess().ensurePoolAndJob()).toMatchObject({ jobId: "mp3drop-2" });
  expect(await nextProcess().findJob()).toEqual({ poolId: "mp3drop", jobId: "mp3drop-2" });

  await client.job.deleteMethod("mp3drop");
  await eventually(() => expect(client.job.get("mp3drop")).rejects.toMatchObject({ code: "JobNotFound" }));
  expect(await nextProcess().ensurePoolAndJob()).toMatchObject({ jobId: "mp3drop-2" });
});

test("the clean-up reaches every generation, and an older one that has run out goes", async ({ expect }) => {
  const { settings, batch } = await start();
  const older = await batch.addTask(task("older"));
  await whenCompleted(batch, older);
  const client = connectBatch(settings);
  await client.job.add({ id: "mp3drop-2", poolInfo: { poolId: "mp3drop" } });
  await client.job.add({ id: "mp3drop-other", poolInfo: { poolId: "mp3drop" } });
  const newer = { ...older, jobId: "mp3drop-2" };
  await client.task.add("mp3drop-2", { id: "older", commandLine: "/bin/true" });
  await whenCompleted(batch, newer);

  expect(await cleanUpTasks(batch, new Date("2020-01-01"))).toBe(0);
  expect((await client.job.get("mp3drop")).state).toBe("active");
  expect(await cleanUpTasks(batch, new Date("2100-01-01"))).toBe(2);

  await eventually(() => expect(client.job.get("mp3drop")).rejects.toMatchObject({ code: "JobNotFound" }));
  const left = [...(await client.job.list())].map(({ id }) => id);
  expect(new Set(left)).toEqual(new Set(["mp3drop-2", "mp3drop-other"]));
});

test("an image that the account does not offer is named, with those that it does offer", async ({ expect }) => {
  const { batch } = await start({}, { BATCH_NODE_IMAGE: "canonical:ubuntu:16.04" });

  await expect(batch.ensurePoolAndJob()).rejects.toThrow(
    /no verified image canonical:ubuntu:16\.04\. Set BATCH_NODE_IMAGE to one of: .*canonical:ubuntu-24_04-lts:server/,
  );
});

test("a passing refusal is not noticed", async ({ expect }) => {
  const faults = {
    requests: [429, 500, 503].map((status) => ({ operation: "Task_Add", status: status as 429, times: 1 })),
  };
  const { emulator, batch } = await start();
  await batch.ensurePoolAndJob();

  for (const fault of faults.requests) {
    emulator.faults.set({ requests: [fault] });
    await batch.addTask(task(`after-${fault.status}`));
  }
  emulator.faults.set({ requests: [{ drop: true, times: 2 }] });
  await batch.addTask(task("after-drops"));

  expect((await batch.readTask({ poolId: "mp3drop", jobId: "mp3drop", taskId: "after-drops" })).state).not.toBe("lost");
});

test("who is told to wait speaks for all: nobody asks again until the pause is over", async ({ expect }) => {
  const { emulator, batch } = await start();
  const ref = await batch.addTask(task("one"));
  emulator.faults.set({ requests: [{ operation: "Task_Add", status: 429, retryAfterSeconds: 30, times: 1 }] });

  const refused = await batch.addTask(task("two")).catch((thrown: unknown) => thrown);
  const other = await batch.readTask(ref).catch((thrown: unknown) => thrown);

  expect(refused).toMatchObject({ failureCode: "Throttled", statusCode: 429 });
  expect(other).toMatchObject({ failureCode: "Throttled", statusCode: 429 });
  for (const error of [refused, other] as BatchError[]) {
    expect(error.retryAfterSeconds).toBeGreaterThan(20);
    expect(error.retryAfterSeconds).toBeLessThanOrEqual(45);
  }
  expect(String(other)).toMatch(
    /could not read task one: TooManyRequests: it has asked for a pause, of which \d+ s are left/,
  );
});

test("a lasting refusal is an error in words, with the code of the service", async ({ expect }) => {
  const { emulator, batch } = await start();
  await batch.ensurePoolAndJob();
  emulator.faults.set({ requests: [{ status: 503 }] });

  const error = await batch.addTask(task("one")).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(BatchError);
  expect(error).toMatchObject({ code: "ServerBusy", statusCode: 503 });
  expect(String(error)).toMatch(/Azure Batch could not add task one to job mp3drop: ServerBusy: \w+/);
});

test("what the service says about a refused value is passed on without its SAS", async ({ expect }) => {
  const { batch } = await start();
  const output = { file: "../../../x", blobName: "x", contentType: "x", when: "tasksuccess" } as const;
  const secret = { ...task("one"), outputs: [{ ...output, containerUrl: "http://127.0.0.1:1/work?sv=1&sig=hush" }] };

  const error = await batch.addTask(secret).catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(BatchError);
  expect(String(error)).not.toContain("hush");
});

test("a wrong key is an error that does not show the key", async ({ expect }) => {
  const { settings } = await start();
  const key = Buffer.from("not the key").toString("base64");
  const wrong = { ...settings, sharedKey: { accountName: settings.sharedKey?.accountName ?? "", key } };

  const error = await createBatchService(connectBatch(wrong), wrong, NEEDS)
    .ensurePoolAndJob()
    .catch((thrown: unknown) => thrown);

  expect(String(error)).toContain("AuthenticationFailed");
  expect(String(error)).not.toContain(key);
});

test("a pool that gives no node says why: quota; its queue stands still until somebody mends that", async ({
  expect,
}) => {
  const faults = { resizes: [{ code: "AccountCoreQuotaReached", message: "No cores are left" }] };
  const { batch, emulator, settings } = await start({ faults }, { BATCH_POOL_SCALING: "fixed" });
  const ref = await batch.addTask(task("one"));

  const found = await eventually(async () => {
    const reading = await readQueue(batch);
    if (reading.reason?.code === "QuotaExceeded") return reading;
    throw new Error(`Still ${reading.reason?.text}`);
  });

  expect(found.reason?.text).toBe(
    "waiting for a node: the pool has 0 of 1 node, 0 ready; AccountCoreQuotaReached: No cores are left",
  );
  expect(found).toMatchObject({ isMoving: false, succeeded: 0 });

  emulator.faults.set({});
  await connectBatch(settings).pool.resize("mp3drop", { targetDedicatedNodes: 1 });
  await whenCompleted(batch, ref);
  expect(await readQueue(batch)).toMatchObject({ reason: null, succeeded: 1 });
});

test("a queue whose nodes are at work moves, and each task has its place in it", async ({ expect }) => {
  const { batch } = await start({}, { BATCH_TASK_SLOTS_PER_NODE: "1", BATCH_POOL_SCALING: "fixed" });
  await batch.addTask(task("first", "/bin/sleep 600"));
  await eventually(async () => expect(await readQueue(batch)).toMatchObject({ isMoving: true, reason: null }));
  const second = await batch.addTask(task("second"));
  await batch.addTask(task("third"));
  const reading = await batch.readTask(second);
  const addedAt = reading.state === "active" ? reading.addedAt : null;

  const places = await Promise.all([addedAt, LATER, null].map((time) => readQueue(batch, time)));

  expect(places).toEqual(
    [0, 2, null].map((before) => ({ reason: null, isMoving: true, isGrowing: false, succeeded: 0, before })),
  );
});

test("a pool that gives no node says why: the start task, with its last words", async ({ expect }) => {
  const { batch } = await start({ faults: { startTasks: [{ exitCode: 100 }] } });
  await batch.addTask(task("one"));

  const reason = await eventually(async () => {
    const found = (await readQueue(batch)).reason;
    if (found?.code === "StartTaskFailed") return found;
    throw new Error(`Still ${found?.text}`);
  });

  expect(reason.text).toMatch(
    /the start task failed on 1 node: .+ \(http.*\/nodes\/.*\/files\/startup\/stderr\.txt\)$/,
  );
});

test("all tasks that wait at the same time share one look at the pool and the job", async ({ expect }) => {
  const { settings, emulator } = await start({ maxNodes: 0 });
  const batch = createBatchService(connectBatch(settings), settings, NEEDS, { sharedLookMs: 3_600_000 });
  const refs = await Promise.all(["one", "two"].map((id) => batch.addTask(task(id))));
  await Promise.all(refs.map((ref) => batch.readTask(ref)));
  await readQueue(batch);

  emulator.faults.set({
    requests: ["Pool_Get", "Job_Get", "Job_GetTaskCounts", "Task_List", "Account_ListPoolNodeCounts"].map(
      (operation) => ({ operation, status: 503 as const }),
    ),
  });

  for (const ref of refs) expect(await batch.readTask(ref)).toMatchObject({ state: "active" });
  expect(await readQueue(batch)).toMatchObject({ reason: { text: expect.any(String) }, before: 2 });
});

test("a pool that is just busy gives no reason", async ({ expect }) => {
  const { batch } = await start();
  const ref = await batch.addTask(task("one"));
  await whenCompleted(batch, ref);

  expect((await readQueue(batch)).reason).toBeNull();
});

test("a pool that is gone and cannot be made again lets its queue stand still, but one that Batch is too busy for does not", async ({
  expect,
}) => {
  const { batch, emulator, settings } = await start();
  await batch.ensurePoolAndJob();
  const client = connectBatch(settings);
  await client.pool.deleteMethod("mp3drop");
  await eventually(async () => expect((await client.pool.exists("mp3drop")).body).toBe(false));
  const image = { publisher: "nobody", offer: "nothing", sku: "none" };
  const misled = createBatchService(client, { ...settings, image }, NEEDS, { sharedLookMs: 0 });

  expect(await readQueue(misled)).toMatchObject({
    reason: { code: "NoCapacity", text: expect.stringContaining("offers no verified image nobody:nothing:none") },
    isMoving: false,
    isGrowing: false,
  });
  emulator.faults.set({ requests: [{ operation: "Pool_Add", status: 503 }] });
  await expect(readQueue(batch)).rejects.toThrow(BatchError);
});

test("a pool that somebody deleted is created again while its tasks wait", async ({ expect }) => {
  const { settings, batch } = await start();
  await batch.ensurePoolAndJob();
  const client = connectBatch(settings);
  await client.pool.deleteMethod("mp3drop");
  await eventually(async () => expect((await client.pool.exists("mp3drop")).body).toBe(false));

  expect((await readQueue(batch)).reason).toMatchObject({
    text: "pool mp3drop was gone and is being created again",
  });
  expect((await client.pool.exists("mp3drop")).body).toBe(true);
});
