import { test } from "vitest";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";

test("a new job shows the defaults of the service", async ({ expect }) => {
  const { client } = await startVirtualFixture();

  await client.job.add({ id: "Job", poolInfo: { poolId: "none" } });
  const job = await client.job.get("jOB");

  expect(job).toMatchObject({
    id: "Job",
    state: "active",
    priority: 0,
    maxParallelTasks: -1,
    allowTaskPreemption: false,
    usesTaskDependencies: false,
    onAllTasksComplete: "noaction",
    onTaskFailure: "noaction",
    constraints: { maxWallClockTime: "P10675199DT2H48M5.4775807S", maxTaskRetryCount: 0 },
    executionInfo: { poolId: "none" },
  });
  expect(job.previousState).toBeUndefined();
  expect(await refusal(client.job.add({ id: "JOB", poolInfo: { poolId: "none" } }))).toEqual({
    status: 409,
    code: "JobExists",
  });
});

test("a job waits for a pool of its name", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await client.job.add({ id: "job", poolInfo: { poolId: "later" } });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(10_000);
  const waiting = await client.task.get("job", "task");

  await addPoolAndJob(client, { id: "later" }, { id: "other" });
  await clock.advance(100_000);

  expect(waiting.state).toBe("active");
  expect((await client.task.get("job", "task")).state).toBe("completed");
});

test("terminating ends running tasks, leaves waiting ones active and completes the job", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { jobTerminateMs: 1000 } });
  await addPoolAndJob(client);
  await client.task.add("job", { id: "a", commandLine: "work" });
  await clock.advance(1000);
  await client.task.add("job", { id: "b", commandLine: "work" });

  await client.job.terminate("job", { terminateReason: "enough" });
  const terminating = await client.job.get("job");
  await clock.advance(5000);
  const completed = await client.job.get("job");
  const tasks = await client.task.list("job");

  expect(terminating).toMatchObject({ state: "terminating", executionInfo: { terminateReason: "enough" } });
  expect(completed).toMatchObject({ state: "completed", previousState: "active", eTag: terminating.eTag });
  expect(completed.executionInfo?.endTime).toBeDefined();
  expect(tasks.map(({ id, state }) => [id, state])).toEqual([
    ["a", "completed"],
    ["b", "active"],
  ]);
  expect(tasks[0]?.executionInfo?.failureInfo?.code).toBe("TaskEnded");
  expect(await refusal(client.job.terminate("job"))).toEqual({ status: 409, code: "JobCompleted" });
  expect(await refusal(client.task.add("job", { id: "c", commandLine: "x" }))).toMatchObject({ code: "JobCompleted" });
});

test("a terminated job without a reason says UserTerminate", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client);

  await client.job.terminate("job");

  expect((await client.job.get("job")).executionInfo?.terminateReason).toBe("UserTerminate");
  expect(await refusal(client.job.terminate("job"))).toEqual({ status: 409, code: "JobBeingTerminated" });
});

test("a deleted job is deleting, then gone with its tasks", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { jobDeleteMs: 1000 } });
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.job.deleteMethod("job");
  const deleting = await client.job.get("job");
  const again = await refusal(client.job.deleteMethod("job"));
  await clock.advance(5000);

  expect(deleting.state).toBe("deleting");
  expect(again).toEqual({ status: 409, code: "JobBeingDeleted" });
  expect(await refusal(client.job.get("job"))).toEqual({ status: 404, code: "JobNotFound" });
  expect(await client.job.list()).toHaveLength(0);
});

test("disabling with requeue puts running tasks back, and enabling runs them again", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.job.disable("job", "requeue");
  await clock.advance(1000);
  const disabled = await client.job.get("job");
  const requeued = await client.task.get("job", "task");
  await client.task.add("job", { id: "added", commandLine: "work" });
  await client.job.enable("job");
  await clock.advance(200_000);

  expect(disabled.state).toBe("disabled");
  expect(requeued).toMatchObject({ state: "active", executionInfo: { requeueCount: 1 } });
  expect((await client.job.get("job")).previousState).toBe("disabled");
  expect(await client.job.getTaskCounts("job")).toMatchObject({
    taskCounts: { completed: 2, succeeded: 2, active: 0 },
  });
});

test("disabling with wait is over when the last running task is", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.job.disable("job", "wait");
  await clock.advance(30_000);
  const waiting = await client.job.get("job");
  await clock.advance(30_000);

  expect(waiting.state).toBe("disabling");
  expect((await client.job.get("job")).state).toBe("disabled");
  expect((await client.task.get("job", "task")).executionInfo?.result).toBe("success");
});

test("a patch replaces constraints as a whole, and terminatejob cannot be taken back", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { constraints: { maxTaskRetryCount: 3 } });
  await client.task.add("job", { id: "task", commandLine: "work" });

  await client.job.patch("job", {
    priority: 100,
    constraints: { maxWallClockTime: "P3Y6M4DT12H30M5S" },
    onAllTasksComplete: "terminatejob",
  });

  expect(await client.job.get("job")).toMatchObject({
    priority: 100,
    constraints: { maxWallClockTime: "P1279DT12H30M5S", maxTaskRetryCount: 0 },
    onAllTasksComplete: "terminatejob",
  });
  expect(await refusal(client.job.patch("job", { onAllTasksComplete: "noaction" }))).toMatchObject({
    code: "InvalidPropertyValue",
  });
  expect(await refusal(client.job.patch("job", { poolInfo: { poolId: "other" } }))).toMatchObject({ status: 409 });
  expect(await refusal(client.job.patch("job", { priority: 1001 }))).toEqual({
    status: 400,
    code: "OutOfRangePriority",
  });
});

test("an update puts what is left out back to its default", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { priority: 5, metadata: [{ name: "a", value: "b" }] });

  await client.job.update("job", { poolInfo: { poolId: "pool" } });

  expect(await client.job.get("job")).toMatchObject({ priority: 0, metadata: [] });
});

test("a job ends by itself when all of its tasks are completed", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await client.job.patch("job", { onAllTasksComplete: "terminatejob" });
  await clock.advance(60_000);

  expect(await client.job.get("job")).toMatchObject({
    state: "completed",
    executionInfo: { terminateReason: "AllTasksComplete" },
  });
});

test("a job whose last tasks completed while it was disabled ends when it is enabled", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);
  await client.job.patch("job", { onAllTasksComplete: "terminatejob" });
  await client.job.disable("job", "terminate");
  await clock.advance(1000);
  expect((await client.job.get("job")).state).toBe("disabled");

  await client.job.enable("job");
  await clock.advance(1000);

  expect(await client.job.get("job")).toMatchObject({
    state: "completed",
    executionInfo: { terminateReason: "AllTasksComplete" },
  });
});

test("a failed task ends its job where the job asks for it and an exit option says nothing else", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 60, failureRate: 1 } });
  await addPoolAndJob(client, {}, { onTaskFailure: "performexitoptionsjobaction" });
  await client.task.add("job", { id: "task", commandLine: "work", exitConditions: { default: {} } });
  await clock.advance(60_000);

  expect((await client.job.get("job")).executionInfo?.terminateReason).toBe("TaskFailed");
});

test("a task without exit conditions that fails or is ended leaves its job going, and can run again", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 60, failureRate: 1 } });
  await addPoolAndJob(client, { taskSlotsPerNode: 2 }, { onTaskFailure: "performexitoptionsjobaction" });
  await client.task.add("job", { id: "ended", commandLine: "work" });
  await client.task.add("job", { id: "fails", commandLine: "work" });
  await clock.advance(1000);
  await client.task.terminate("job", "ended");
  await clock.advance(60_000);

  expect((await client.task.get("job", "fails")).executionInfo?.result).toBe("failure");
  expect((await client.job.get("job")).state).toBe("active");
  await client.task.reactivate("job", "ended");
  expect((await client.task.get("job", "ended")).state).toBe("running");
});

test("an exit condition can spare the job", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 60, failureRate: 1 } });
  await addPoolAndJob(client, {}, { onTaskFailure: "performexitoptionsjobaction" });
  const exitConditions = { exitCodes: [{ code: 1, exitOptions: { jobAction: "none" as const } }] };
  await client.task.add("job", { id: "task", commandLine: "work", exitConditions });
  await clock.advance(60_000);

  expect((await client.job.get("job")).state).toBe("active");
});

test("a job that outlives its wall clock is ended, counted from its creation", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { constraints: { maxWallClockTime: "PT1H" } });
  await clock.advance(3_599_000);
  expect((await client.job.get("job")).state).toBe("active");

  await clock.advance(1000);

  expect(await client.job.get("job")).toMatchObject({
    state: "completed",
    executionInfo: { terminateReason: "MaxWallClockTimeExpiry" },
  });
});
