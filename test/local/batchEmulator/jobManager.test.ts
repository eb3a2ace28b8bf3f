import { test } from "vitest";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

const MANAGER = { id: "manager", commandLine: "manage" };

async function states({ client }: Fixture): Promise<Record<string, string | undefined>> {
  const tasks = await client.task.list("job");
  return Object.fromEntries(tasks.map(({ id, state }) => [id, state]));
}

test("a job manager task shows the defaults of the service, and is a task of the job", async ({ expect }) => {
  const { client, emulator } = await startVirtualFixture();
  await client.job.add({
    id: "job",
    poolInfo: { poolId: "none" },
    constraints: { maxTaskRetryCount: 5 },
    jobManagerTask: { ...MANAGER, displayName: "Manager" },
  });

  const { json } = await raw(emulator, { path: "/jobs/job" });
  const task = await client.task.get("job", "manager");

  const shared = {
    id: "manager",
    displayName: "Manager",
    commandLine: "manage",
    constraints: { maxWallClockTime: "P10675199DT2H48M5.4775807S", retentionTime: "P7D", maxTaskRetryCount: 5 },
    requiredSlots: 1,
    userIdentity: { autoUser: { scope: "pool", elevationLevel: "nonadmin" } },
  };
  expect(json["jobManagerTask"]).toEqual({
    ...shared,
    runExclusive: true,
    allowLowPriorityNode: true,
    killJobOnCompletion: true,
  });
  expect(task).toMatchObject({ ...shared, state: "active" });
  expect(await refusal(client.task.add("job", { ...MANAGER }))).toEqual({ status: 409, code: "TaskExists" });
});

test("the job ends with its manager, and so do the tasks that still run", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  await addPoolAndJob(client, { targetDedicatedNodes: 2 }, { jobManagerTask: MANAGER });
  await clock.advance(30_000);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(31_000);

  expect(await states(fixture)).toEqual({ manager: "completed", task: "completed" });
  expect((await client.task.get("job", "task")).executionInfo?.failureInfo?.code).toBe("TaskEnded");
  expect(await client.job.get("job")).toMatchObject({
    state: "completed",
    executionInfo: { terminateReason: "JMComplete" },
  });
});

test("a job whose manager may leave it ends with its last task, if it is to", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  const jobManagerTask = { ...MANAGER, killJobOnCompletion: false };
  await addPoolAndJob(client, {}, { jobManagerTask, onAllTasksComplete: "terminateJob" });
  await clock.advance(30_000);
  expect((await client.job.get("job")).state).toBe("active");
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(31_000);
  expect(await states(fixture)).toEqual({ manager: "completed", task: "running" });
  await clock.advance(60_000);

  expect((await client.job.get("job")).executionInfo?.terminateReason).toBe("AllTasksComplete");
});

test("the manager comes first and, unless it says otherwise, has its node to itself", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" }, jobManagerTask: MANAGER });
  for (const id of ["a", "b", "c"]) await client.task.add("job", { id, commandLine: "work" });
  await addPoolAndJob(client, { taskSlotsPerNode: 4 }, { id: "other" });
  await clock.advance(1000);

  expect(await states(fixture)).toEqual({ manager: "running", a: "active", b: "active", c: "active" });
  const [node] = await client.computeNode.list("pool");
  expect(node).toMatchObject({ runningTasksCount: 1, runningTaskSlotsCount: 1 });
});

test("a manager that shares its node takes the slots that it requires", async ({ expect }) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  const jobManagerTask = { ...MANAGER, runExclusive: false, requiredSlots: 2 };
  await addPoolAndJob(client, { taskSlotsPerNode: 3 }, { jobManagerTask });
  for (const id of ["a", "b"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(1000);

  const { manager, ...others } = await states(fixture);
  expect(manager).toBe("running");
  expect(new Set(Object.values(others))).toEqual(new Set(["active", "running"]));
});

test("a manager that is not to run on low-priority nodes waits for a dedicated one, and the other tasks do not", async ({
  expect,
}) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  const jobManagerTask = { ...MANAGER, allowLowPriorityNode: false };
  await addPoolAndJob(client, { targetDedicatedNodes: 0, targetLowPriorityNodes: 1 }, { jobManagerTask });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);
  expect(await states(fixture)).toEqual({ manager: "active", task: "running" });

  await client.pool.resize("pool", { targetDedicatedNodes: 1, targetLowPriorityNodes: 1 });
  await clock.advance(1000);
  expect((await states(fixture))["manager"]).toBe("running");
});

test("a manager that loses its node is the first to start again: the other tasks leave it the node that becomes free", async ({
  expect,
}) => {
  const fixture = await startVirtualFixture();
  const { client, clock, emulator } = fixture;
  await addPoolAndJob(client, { targetDedicatedNodes: 2, taskSlotsPerNode: 2 }, { jobManagerTask: MANAGER });
  await clock.advance(10_000);
  for (const id of ["a", "b"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(10_000);
  for (const id of ["c", "d"]) await client.task.add("job", { id, commandLine: "work" });
  const { nodeInfo } = await client.task.get("job", "manager");

  emulator.loseNode("pool", nodeInfo?.nodeId ?? "", "unusable");
  await clock.advance(1000);
  expect(await states(fixture)).toMatchObject({ manager: "active", a: "running", b: "running", c: "active" });

  await clock.advance(50_000);
  expect(await states(fixture)).toMatchObject({ manager: "running", a: "completed", c: "active", d: "active" });
  expect((await client.task.get("job", "manager")).executionInfo?.requeueCount).toBe(0);
});

test("no task is sent away for a manager of higher priority that could not take its place", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  const poolInfo = { poolId: "pool" };
  await addPoolAndJob(
    client,
    { targetDedicatedNodes: 0, targetLowPriorityNodes: 1, taskSlotsPerNode: 2 },
    { allowTaskPreemption: true, jobPreparationTask: { commandLine: "prepare" } },
  );
  for (const id of ["a", "b"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(1000);

  const jobManagerTask = { ...MANAGER, allowLowPriorityNode: false };
  await client.job.add({ id: "dedicated", poolInfo, priority: 1, jobManagerTask });
  await client.job.add({ id: "exclusive", poolInfo, priority: 1, jobManagerTask: MANAGER });
  await clock.advance(119_000);

  for (const id of ["a", "b"]) {
    expect(await client.task.get("job", id)).toMatchObject({ state: "completed", executionInfo: { requeueCount: 0 } });
  }
  await clock.advance(1000);
  expect((await client.task.get("exclusive", "manager")).state).toBe("running");
  expect((await client.task.get("dedicated", "manager")).state).toBe("active");
});

test("a manager of higher priority takes the place of a task that allows it", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { allowTaskPreemption: true });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.job.add({ id: "urgent", poolInfo: { poolId: "pool" }, priority: 1, jobManagerTask: MANAGER });
  await clock.advance(1000);

  expect((await client.task.get("urgent", "manager")).state).toBe("running");
  expect((await client.task.get("job", "task")).state).toBe("active");
});

test("when a pool shrinks, the node of a job manager is the last to go", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { targetDedicatedNodes: 3 }, { jobManagerTask: MANAGER });
  await clock.advance(1000);
  const { nodeInfo } = await client.task.get("job", "manager");

  await client.pool.resize("pool", { targetDedicatedNodes: 1 });
  await clock.advance(1000);

  expect((await client.computeNode.list("pool")).map(({ id }) => id)).toEqual([nodeInfo?.nodeId]);
});

test("on each of its nodes the manager, too, waits for the preparation of its job, and a release follows its end", async ({
  expect,
}) => {
  const fixture = await startVirtualFixture();
  const { client, clock } = fixture;
  await addPoolAndJob(
    client,
    {},
    {
      jobManagerTask: MANAGER,
      jobPreparationTask: { commandLine: "prepare" },
      jobReleaseTask: { commandLine: "release" },
    },
  );
  await clock.advance(30_000);
  expect(await states(fixture)).toEqual({ manager: "preparing" });
  await clock.advance(60_000);
  expect(await states(fixture)).toEqual({ manager: "running" });
  await clock.advance(60_000);
  expect((await client.job.get("job")).state).toBe("terminating");
  await clock.advance(60_000);

  const [status] = await client.job.listPreparationAndReleaseTaskStatus("job");
  expect(status?.jobReleaseTaskExecutionInfo?.result).toBe("success");
  expect((await client.job.get("job")).executionInfo?.terminateReason).toBe("JMComplete");
});

test("a manager may not be called like the preparation of its job", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  const job = {
    id: "job",
    poolInfo: { poolId: "pool" },
    jobPreparationTask: { id: "Manager", commandLine: "prepare" },
  };

  expect(await refusal(client.job.add({ ...job, jobManagerTask: MANAGER }))).toEqual({
    status: 409,
    code: "TaskIdSameAsJobPreparationTask",
  });
  expect(await refusal(client.job.get("job"))).toMatchObject({ code: "JobNotFound" });
});

test("a task with container settings is taken and fails, since no pool here supports containers", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  const containerSettings = { imageName: "busybox", containerRunOptions: "--rm" };
  await client.task.add("job", { id: "task", commandLine: "work", containerSettings });
  await clock.advance(1000);

  const task = await client.task.get("job", "task");

  expect(task).toMatchObject({
    state: "completed",
    containerSettings,
    executionInfo: { failureInfo: { category: "UserError", code: "ContainerPoolNotSupported" } },
  });
  expect(task.executionInfo?.exitCode).toBeUndefined();
});
