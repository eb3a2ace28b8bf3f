import { test } from "vitest";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";

const FAILING = { virtualTasks: { seconds: 60, failureRate: 1 } };

test("a new task shows what was given and the defaults of the service", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { constraints: { maxTaskRetryCount: 2 } });
  const outputFile = {
    filePattern: "out.mp3",
    destination: { container: { containerUrl: "http://127.0.0.1/c?sig=x", path: "out.mp3" } },
    uploadOptions: { uploadCondition: "tasksuccess" as const },
  };

  await client.task.add("job", { id: "Task-1", commandLine: "work 'a b'", outputFiles: [outputFile] });
  const task = await client.task.get("job", "task-1");

  expect(task).toMatchObject({
    id: "Task-1",
    state: "active",
    commandLine: "work 'a b'",
    requiredSlots: 1,
    constraints: { maxWallClockTime: "P10675199DT2H48M5.4775807S", retentionTime: "P7D", maxTaskRetryCount: 2 },
    executionInfo: { retryCount: 0, requeueCount: 0 },
  });
  expect(task.outputFiles?.[0]?.uploadOptions.uploadCondition).toBe("TaskSuccess");
  expect(task.nodeInfo).toBeUndefined();
  expect(await refusal(client.task.add("job", { id: "TASK-1", commandLine: "x" }))).toEqual({
    status: 409,
    code: "TaskExists",
  });
  expect(await refusal(client.task.get("job", "none"))).toEqual({ status: 404, code: "TaskNotFound" });
});

test("a running task knows its node, a completed one its end, and neither moves the version", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  const active = await client.task.get("job", "task");
  await clock.advance(59_000);
  const running = await client.task.get("job", "task");
  await clock.advance(1000);
  const completed = await client.task.get("job", "task");

  expect(running).toMatchObject({ state: "running", previousState: "active", eTag: active.eTag });
  expect(running.nodeInfo).toMatchObject({ poolId: "pool", taskRootDirectory: "workitems/job/job-1/task" });
  expect(completed).toMatchObject({ state: "completed", previousState: "running", eTag: active.eTag });
  expect(completed.executionInfo).toMatchObject({ exitCode: 0, result: "success" });
  expect(completed.executionInfo?.endTime?.toISOString()).toBe("2026-01-01T12:01:00.000Z");
});

test("a non-zero exit is retried as often as allowed and then fails the task", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture(FAILING);
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work", constraints: { maxTaskRetryCount: 2 } });
  await clock.advance(90_000);
  const during = await client.task.get("job", "task");
  await clock.advance(90_000);

  expect(during).toMatchObject({ state: "running", executionInfo: { retryCount: 1 } });
  expect((await client.task.get("job", "task")).executionInfo).toMatchObject({
    retryCount: 2,
    exitCode: 1,
    result: "failure",
    failureInfo: {
      category: "UserError",
      code: "FailureExitCode",
      message: "The task exited with an exit code representing a failure",
    },
  });
});

test("a download that fails is not retried and leaves no exit code", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ faults: { downloads: [{ code: "BlobNotFound" }] } });
  await addPoolAndJob(client);
  await client.task.add("job", {
    id: "task",
    commandLine: "work",
    constraints: { maxTaskRetryCount: 5 },
    resourceFiles: [{ httpUrl: "http://127.0.0.1/c/b", filePath: "b" }],
  });
  await clock.advance(0);

  const { executionInfo } = await client.task.get("job", "task");
  expect(executionInfo).toMatchObject({ result: "failure", retryCount: 0, failureInfo: { code: "BlobNotFound" } });
  expect(executionInfo?.exitCode).toBeUndefined();
});

test("an upload that fails fails the task whose command succeeded", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({
    faults: { uploads: [{ code: "FileUploadContainerNotFound" }] },
  });
  await addPoolAndJob(client);
  const destination = { container: { containerUrl: "http://127.0.0.1/c" } };
  const uploadOptions = { uploadCondition: "taskcompletion" as const };
  await client.task.add("job", {
    id: "task",
    commandLine: "work",
    outputFiles: [{ filePattern: "*", destination, uploadOptions }],
  });
  await clock.advance(60_000);

  expect((await client.task.get("job", "task")).executionInfo).toMatchObject({
    exitCode: 0,
    result: "failure",
    failureInfo: { code: "FileUploadContainerNotFound", category: "UserError" },
  });
});

test("a task that outlives its wall clock is ended by the service and not retried", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  const constraints = { maxWallClockTime: "PT10S", maxTaskRetryCount: 3 };
  await client.task.add("job", { id: "task", commandLine: "work", constraints });
  await clock.advance(10_000);

  expect((await client.task.get("job", "task")).executionInfo).toMatchObject({
    retryCount: 0,
    exitCode: 137,
    result: "failure",
    failureInfo: { category: "ServerError", code: "TaskEnded" },
  });
});

test("ending a task that never started leaves neither exit code nor node", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await client.job.add({ id: "job", poolInfo: { poolId: "none" } });
  await client.task.add("job", { id: "task", commandLine: "work" });

  await client.task.terminate("job", "task");
  const task = await client.task.get("job", "task");

  expect(task).toMatchObject({ state: "completed", previousState: "active", nodeInfo: {} });
  expect(task.executionInfo?.failureInfo).toMatchObject({
    category: "UserError",
    code: "TaskEnded",
    message: "Task Was Ended by User Request",
  });
  expect(task.executionInfo?.exitCode).toBeUndefined();
  expect(task.executionInfo?.startTime).toBeUndefined();
  expect(await refusal(client.task.terminate("job", "task"))).toEqual({ status: 409, code: "TaskCompleted" });
});

test("a failed task can be reactivated, a succeeded or waiting one cannot", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "ended", commandLine: "work" });
  await clock.advance(1000);
  await client.task.terminate("job", "ended");
  await clock.advance(0);
  await client.task.add("job", { id: "good", commandLine: "work" });
  expect(await refusal(client.task.reactivate("job", "good"))).toEqual({ status: 409, code: "TaskNotCompleted" });
  await clock.advance(60_000);

  await client.task.reactivate("job", "ended");
  const active = await client.task.get("job", "ended");
  await clock.advance(60_000);

  expect(active.state).toBe("running");
  expect(active.executionInfo?.failureInfo).toBeUndefined();
  expect((await client.task.get("job", "ended")).executionInfo?.result).toBe("success");
  expect(await refusal(client.task.reactivate("job", "good"))).toEqual({ status: 409, code: "TaskSucceeded" });
});

test("an update changes constraints and the version of the task", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await client.job.add({ id: "job", poolInfo: { poolId: "none" } });
  await client.task.add("job", { id: "task", commandLine: "work" });
  const before = await client.task.get("job", "task");

  await client.task.update("job", "task", { constraints: { retentionTime: "PT1H" } });
  const after = await client.task.get("job", "task");

  expect(after.constraints?.retentionTime).toBe("PT1H");
  expect(after.eTag).not.toBe(before.eTag);
});

test("a deleted task is gone at once, even while it runs, and frees its slot", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.task.deleteMethod("job", "task");
  await client.task.add("job", { id: "next", commandLine: "work" });
  await clock.advance(60_000);

  expect(await refusal(client.task.get("job", "task"))).toMatchObject({ code: "TaskNotFound" });
  expect((await client.task.get("job", "next")).state).toBe("completed");
  expect((await client.job.getTaskCounts("job")).taskCounts).toMatchObject({ completed: 1, failed: 0 });
});

test("a collection answers 200 with one result per task, good and bad", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "b", commandLine: "work" });

  const { value = [] } = await client.task.addCollection("job", [
    { id: "a", commandLine: "work" },
    { id: "b", commandLine: "work" },
    { id: "c", commandLine: "work", dependsOn: { taskIds: ["a"] } },
    { id: "not an id", commandLine: "work" },
  ]);

  const results = value.map(({ taskId, status, error }) => [taskId, status, error?.code]);
  expect(results).toHaveLength(4);
  expect(results).toEqual(
    expect.arrayContaining([
      ["a", "Success", undefined],
      ["b", "ClientError", "TaskExists"],
      ["c", "ClientError", "TaskDependenciesNotSpecifiedOnJob"],
      ["not an id", "ClientError", "InvalidPropertyValue"],
    ]),
  );
});

test("resource files of more than 32768 characters are refused", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client);
  const resourceFiles = Array.from({ length: 120 }, (_, i) => ({
    httpUrl: `http://127.0.0.1/container/${i}?${"s".repeat(250)}`,
    filePath: `file-${i}`,
  }));

  const add = client.task.add("job", { id: "task", commandLine: "work", resourceFiles });

  await expect(add).rejects.toMatchObject({
    statusCode: 400,
    body: { values: expect.arrayContaining([{ key: "PropertyName", value: "resourceFiles" }]) },
  });
});

test.for(["../x", "/etc/x", "a/../../x"])(
  "the file path %s is refused, because it leaves the folder",
  async (path, { expect }) => {
    const { client } = await startVirtualFixture();
    await addPoolAndJob(client);
    const resourceFiles = [{ httpUrl: "http://127.0.0.1/c/b", filePath: path }];

    expect(await refusal(client.task.add("job", { id: "task", commandLine: "work", resourceFiles }))).toEqual({
      status: 400,
      code: "InvalidPropertyValue",
    });
  },
);

test.for(["../../*.txt", "a/../../../x", "../.."])(
  "the output pattern %s is refused, because it leaves the task",
  async (filePattern, { expect }) => {
    const { client } = await startVirtualFixture();
    await addPoolAndJob(client);
    const destination = { container: { containerUrl: "http://127.0.0.1/c" } };
    const outputFiles = [{ filePattern, destination, uploadOptions: { uploadCondition: "taskcompletion" as const } }];

    expect(await refusal(client.task.add("job", { id: "task", commandLine: "work", outputFiles }))).toEqual({
      status: 400,
      code: "InvalidPropertyValue",
    });
  },
);

test("the files of a task are gone after its retention time", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work", constraints: { retentionTime: "P1D" } });
  expect(await refusal(client.file.listFromTask("job", "task"))).toEqual({ status: 409, code: "TaskFilesUnavailable" });
  await clock.advance(60_000);
  expect(await client.file.listFromTask("job", "task")).toHaveLength(0);

  await clock.advance(24 * 3_600_000);

  expect(await refusal(client.file.listFromTask("job", "task"))).toEqual({ status: 409, code: "TaskFilesCleanedup" });
});

test("a task of one instance has no subtasks", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });

  expect((await client.task.listSubtasks("job", "task")).value).toEqual([]);
});
