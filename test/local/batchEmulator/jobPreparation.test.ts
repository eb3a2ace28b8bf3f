import type { BatchServiceClient } from "@azure/batch";
import { test } from "vitest";
import { copyOfData, reopen } from "./afterKill.ts";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import { BOTH, PREPARATION, statuses } from "./jobTaskStatuses.ts";
import { raw } from "./rawHttp.ts";

const FILE = { httpUrl: "http://127.0.0.1/c/b", filePath: "b" };

async function stateOf(client: BatchServiceClient, taskId = "task") {
  return (await client.task.get("job", taskId)).state;
}

async function nodeIdOf(client: BatchServiceClient): Promise<string> {
  const [node] = await client.computeNode.list("pool");
  return node?.id ?? "";
}

test("preparation and release tasks show the defaults of the service", async ({ expect }) => {
  const { client, emulator } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { ...BOTH, constraints: { maxTaskRetryCount: 5 } });

  const { json } = await raw(emulator, { path: "/jobs/job" });

  const user = { autoUser: { scope: "pool", elevationLevel: "nonadmin" } };
  expect(json).toMatchObject({
    jobPreparationTask: {
      id: "jobpreparation",
      commandLine: "prepare",
      constraints: {
        maxWallClockTime: "P10675199DT2H48M5.4775807S",
        retentionTime: "P7D",
        maxTaskRetryCount: 5,
      },
      userIdentity: user,
      waitForSuccess: true,
      rerunOnNodeRebootAfterSuccess: true,
    },
    jobReleaseTask: {
      id: "jobrelease",
      commandLine: "release",
      maxWallClockTime: "PT15M",
      retentionTime: "P7D",
      userIdentity: user,
    },
  });
});

test("the preparation runs on a node before the first task there, and once", async ({ expect }) => {
  const { client, clock, emulator } = await startVirtualFixture();
  await addPoolAndJob(client, {}, PREPARATION);
  expect(await statuses(client)).toEqual([]);

  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(30_000);
  expect(await statuses(client)).toEqual([{ prepared: "running", released: undefined }]);
  expect(await client.task.get("job", "task")).toMatchObject({ state: "preparing", nodeInfo: { poolId: "pool" } });
  expect((await client.task.get("job", "task")).executionInfo?.startTime).toBeUndefined();
  expect((await client.job.getTaskCounts("job")).taskCounts).toMatchObject({ running: 1, active: 0 });

  await clock.advance(30_000);
  expect(await stateOf(client)).toBe("running");
  await client.task.add("job", { id: "next", commandLine: "work" });
  await clock.advance(60_000);
  expect(await stateOf(client, "next")).toBe("running");

  const nodeId = await nodeIdOf(client);
  const root = "workitems/job/job-1/jobpreparation";
  const { json } = await raw(emulator, { path: "/jobs/job/jobpreparationandreleasetaskstatus" });
  expect(json).toEqual({
    "odata.metadata": `${emulator.endpoint}/$metadata#jobpreparationandreleasetaskstatuslist`,
    value: [
      {
        poolId: "pool",
        nodeId,
        nodeUrl: `${emulator.endpoint}/pools/pool/nodes/${nodeId}`,
        jobPreparationTaskExecutionInfo: {
          startTime: "2026-01-01T12:00:00Z",
          endTime: "2026-01-01T12:01:00Z",
          state: "completed",
          taskRootDirectory: root,
          taskRootDirectoryUrl: `${emulator.endpoint}/pools/pool/nodes/${nodeId}/files/${root}`,
          exitCode: 0,
          retryCount: 0,
          result: "success",
        },
      },
    ],
  });
});

test("where the preparation fails no tasks of the job run, but on other nodes they do, and they are not counted as requeued", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture({
    faults: { downloads: [{ job: "job", code: "BlobNotFound", times: 1 }] },
  });
  const jobPreparationTask = { commandLine: "prepare", resourceFiles: [FILE] };
  await addPoolAndJob(client, { targetDedicatedNodes: 2 }, { jobPreparationTask });
  await client.job.add({ id: "other", poolInfo: { poolId: "pool" } });
  for (const id of ["a", "b"]) await client.task.add("job", { id, commandLine: "work" });

  await clock.advance(120_000);
  const [failed, prepared] = await client.job.listPreparationAndReleaseTaskStatus("job");
  const first = await client.task.get("job", "a");
  await client.task.add("other", { id: "a", commandLine: "work" });
  await clock.advance(1000);

  expect(failed?.jobPreparationTaskExecutionInfo?.failureInfo?.code).toBe("BlobNotFound");
  expect(prepared?.jobPreparationTaskExecutionInfo?.result).toBe("success");
  expect(first.executionInfo?.requeueCount).toBe(0);
  const tasks = await client.task.list("job");
  expect(new Set(tasks.map(({ state }) => state))).toEqual(new Set(["completed", "running"]));
  expect((await client.task.get("other", "a")).nodeInfo?.nodeId).toBe(failed?.nodeId);
});

test("a node on which the preparation failed is eligible again once it has been reimaged, but not after a reboot", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture({
    faults: { downloads: [{ job: "job", code: "BlobNotFound", times: 1 }] },
  });
  const jobPreparationTask = { commandLine: "prepare", resourceFiles: [FILE] };
  await addPoolAndJob(client, {}, { jobPreparationTask });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.computeNode.reboot("pool", await nodeIdOf(client));
  await clock.advance(1000);
  expect(await stateOf(client)).toBe("active");

  await client.computeNode.reimage("pool", await nodeIdOf(client));
  await clock.advance(1000);
  expect(await stateOf(client)).toBe("preparing");
});

test("a preparation that exits with an error is tried again as often as its constraints say", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 60, failureRate: 1 } });
  const jobPreparationTask = { commandLine: "prepare", constraints: { maxTaskRetryCount: 2 } };
  await addPoolAndJob(client, {}, { jobPreparationTask });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(60_000);
  await clock.advance(60_000);
  expect(await statuses(client)).toEqual([{ prepared: "running", released: undefined }]);
  await clock.advance(60_000);

  const [status] = await client.job.listPreparationAndReleaseTaskStatus("job");
  expect(status?.jobPreparationTaskExecutionInfo).toMatchObject({
    state: "completed",
    exitCode: 1,
    retryCount: 2,
    result: "failure",
    failureInfo: { code: "FailureExitCode" },
  });
  expect(await stateOf(client)).toBe("active");
});

test("a task that waits for the preparation can be ended, deleted or put back at once", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { taskSlotsPerNode: 3 }, PREPARATION);
  for (const id of ["ended", "deleted", "back"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(1000);
  const [node] = await client.computeNode.list("pool");
  expect(node).toMatchObject({ state: "running", runningTasksCount: 3 });

  await client.task.terminate("job", "ended");
  await client.task.deleteMethod("job", "deleted");
  expect(await stateOf(client, "ended")).toBe("completed");
  await client.job.disable("job", "requeue");
  await clock.advance(1000);

  expect((await client.job.get("job")).state).toBe("disabled");
  expect(await client.task.get("job", "back")).toMatchObject({ state: "active", executionInfo: { requeueCount: 1 } });
  expect((await client.computeNode.list("pool"))[0]?.state).toBe("idle");
  await clock.advance(60_000);
  await client.job.enable("job");
  await clock.advance(1000);
  expect(await stateOf(client, "back")).toBe("running");
});

test("tasks need not wait for the preparation, nor for its success", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 60, failureRate: 1 } });
  await addPoolAndJob(client, {}, { jobPreparationTask: { commandLine: "prepare", waitForSuccess: false } });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);
  expect(await stateOf(client)).toBe("running");
  expect(await statuses(client)).toEqual([{ prepared: "running", released: undefined }]);

  await clock.advance(60_000);
  await client.task.add("job", { id: "next", commandLine: "work" });
  await clock.advance(1000);
  expect(await statuses(client)).toEqual([{ prepared: "failure", released: undefined }]);
  expect(await stateOf(client, "next")).toBe("running");
});

test.for([
  { rerunOnNodeRebootAfterSuccess: true, action: "reboot" as const, state: "preparing" },
  { rerunOnNodeRebootAfterSuccess: false, action: "reboot" as const, state: "running" },
  { rerunOnNodeRebootAfterSuccess: false, action: "reimage" as const, state: "preparing" },
])(
  "after a $action, with rerunOnNodeRebootAfterSuccess $rerunOnNodeRebootAfterSuccess, the next task is $state",
  async ({ rerunOnNodeRebootAfterSuccess, action, state }, { expect }) => {
    const { client, clock } = await startVirtualFixture();
    await addPoolAndJob(client, {}, { jobPreparationTask: { commandLine: "prepare", rerunOnNodeRebootAfterSuccess } });
    await client.task.add("job", { id: "task", commandLine: "work" });
    await clock.advance(61_000);

    const { computeNode } = client;
    const nodeId = await nodeIdOf(client);
    await (action === "reboot" ? computeNode.reboot("pool", nodeId) : computeNode.reimage("pool", nodeId));
    await clock.advance(1000);

    expect(await stateOf(client)).toBe(state);
  },
);

test("after a kill a preparation that ran begins anew with the task that waited for it", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client, {}, PREPARATION);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(30_000);

  const again = await reopen(copyOfData(dataFolder), clock.now());
  expect(await statuses(again.client)).toEqual([{ prepared: "failure", released: undefined }]);
  expect(await stateOf(again.client)).toBe("active");
  await again.clock.advance(1000);
  expect(await stateOf(again.client)).toBe("preparing");
  await again.clock.advance(60_000);

  expect(await again.client.task.get("job", "task")).toMatchObject({
    state: "running",
    executionInfo: { requeueCount: 0 },
  });
});

test("the list of nodes can be filtered, reduced and paged", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { targetDedicatedNodes: 3 }, PREPARATION);
  for (const id of ["a", "b", "c"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(61_000);
  const list = (options: object) =>
    client.job.listPreparationAndReleaseTaskStatus("job", { jobListPreparationAndReleaseTaskStatusOptions: options });

  const all = await list({});
  const one = await list({ filter: `nodeId eq '${all[1]?.nodeId}'`, select: "nodeId" });
  const failed = await list({ filter: "jobPreparationTaskExecutionInfo/exitCode ne 0" });
  const page = await list({ maxResults: 2 });
  const rest = await client.job.listPreparationAndReleaseTaskStatusNext(page.odatanextLink ?? "");

  expect(all).toHaveLength(3);
  expect([...one]).toEqual([{ nodeId: all[1]?.nodeId }]);
  expect(failed).toHaveLength(0);
  expect([...page, ...rest].map(({ nodeId }) => nodeId)).toEqual(all.map(({ nodeId }) => nodeId));
  expect(await refusal(list({ filter: "state eq 'x'" }))).toMatchObject({ code: "InvalidQueryParameterValue" });
});

test("a job without a preparation has no such list", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client);

  expect(await refusal(client.job.listPreparationAndReleaseTaskStatus("job"))).toEqual({
    status: 409,
    code: "JobPreparationTaskOrReleaseTaskNotSpecified",
  });
});

test("what does not go together is refused", async ({ expect }) => {
  const { client, emulator } = await startVirtualFixture();
  await addPoolAndJob(client, {}, BOTH);
  const add = (job: object) => refusal(client.job.add({ id: "other", poolInfo: { poolId: "pool" }, ...job }));
  const addTask = (id: string) => refusal(client.task.add("job", { id, commandLine: "work" }));
  const release = (maxWallClockTime: string) => ({ jobReleaseTask: { commandLine: "release", maxWallClockTime } });
  const change = async (method: string, body: object) => {
    const { status, json } = await raw(emulator, { method, path: "/jobs/job", body });
    return { status, code: (json as { code: string }).code };
  };

  expect(await add({ jobReleaseTask: { commandLine: "release" } })).toEqual({
    status: 400,
    code: "InvalidPropertyValue",
  });
  expect(await add({ ...PREPARATION, ...release("PT16M") })).toEqual({ status: 400, code: "InvalidPropertyValue" });
  expect(await addTask("JobPreparation")).toEqual({ status: 409, code: "TaskIdSameAsJobPreparationTask" });
  expect(await addTask("jobrelease")).toEqual({ status: 409, code: "TaskIdSameAsJobReleaseTask" });
  const unsupported = { status: 400, code: "UnsupportedProperty" };
  expect(await change("PATCH", PREPARATION)).toEqual(unsupported);
  expect(await change("PUT", { poolInfo: { poolId: "pool" }, ...BOTH })).toEqual(unsupported);
});
