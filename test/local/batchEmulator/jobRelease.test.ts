import type { BatchServiceClient } from "@azure/batch";
import { test } from "vitest";
import { copyOfData, reopen } from "./afterKill.ts";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import { BOTH, statuses } from "./jobTaskStatuses.ts";
import { raw } from "./rawHttp.ts";

const NEWER = "api-version=2024-07-01.20.0";

test.for([
  { jobEnds: "is terminated", end: (client: BatchServiceClient) => client.job.terminate("job"), state: "terminating" },
  { jobEnds: "is deleted", end: (client: BatchServiceClient) => client.job.deleteMethod("job"), state: "deleting" },
])(
  "the release runs on every node with a preparation when the job $jobEnds, which lasts so long",
  async ({ end, state }, { expect }) => {
    const { client, clock } = await startVirtualFixture();
    await addPoolAndJob(client, { targetDedicatedNodes: 3 }, BOTH);
    for (const id of ["a", "b"]) await client.task.add("job", { id, commandLine: "work" });
    await clock.advance(70_000);

    await end(client);
    await clock.advance(30_000);
    expect((await client.job.get("job")).state).toBe(state);
    const underWay = { prepared: "success", released: "running" };
    expect(await statuses(client)).toEqual([underWay, underWay]);

    await clock.advance(60_000);
    if (state === "deleting") {
      expect(await refusal(client.job.get("job"))).toMatchObject({ code: "JobNotFound" });
      return;
    }
    const released = { prepared: "success", released: "success" };
    expect(await statuses(client)).toEqual([released, released]);
    expect((await client.job.get("job")).state).toBe("completed");
    await client.job.deleteMethod("job");
    await clock.advance(1000);
    expect(await refusal(client.job.get("job"))).toMatchObject({ code: "JobNotFound" });
  },
);

test("a preparation that runs when the job ends is ended, and the task that waits for it completes without an exit code", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, {}, BOTH);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.job.terminate("job");
  await clock.advance(120_000);

  const { executionInfo } = await client.task.get("job", "task");
  expect(executionInfo?.failureInfo?.code).toBe("TaskEnded");
  expect(executionInfo?.exitCode).toBeUndefined();
  const [status] = await client.job.listPreparationAndReleaseTaskStatus("job");
  expect(status?.jobPreparationTaskExecutionInfo?.failureInfo?.code).toBe("TaskEnded");
  expect(status?.jobReleaseTaskExecutionInfo?.result).toBe("success");
  expect((await client.job.get("job")).state).toBe("completed");
});

test("a release is ended after a quarter of an hour at the latest, and is not tried again", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 7200 } });
  await addPoolAndJob(client, {}, BOTH);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(7_200_000);
  await client.job.terminate("job");
  await clock.advance(899_000);
  expect((await client.job.get("job")).state).toBe("terminating");

  await clock.advance(2000);

  const [status] = await client.job.listPreparationAndReleaseTaskStatus("job");
  expect(status?.jobReleaseTaskExecutionInfo).toMatchObject({ result: "failure", failureInfo: { code: "TaskEnded" } });
  expect((await client.job.get("job")).state).toBe("completed");
});

test("a job that is ended or deleted by force does not wait for its releases", async ({ expect }) => {
  const { client, clock, emulator } = await startVirtualFixture();
  await addPoolAndJob(client, {}, BOTH);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(61_000);
  const force = (method: string, path: string) => raw(emulator, { method, path: `${path}?force=true&${NEWER}` });

  await force("POST", "/jobs/job/terminate");
  await clock.advance(1000);
  expect((await client.job.get("job")).state).toBe("completed");
  expect(await statuses(client)).toEqual([{ prepared: "success", released: "running" }]);

  await force("DELETE", "/jobs/job");
  await clock.advance(1000);
  expect(await refusal(client.job.get("job"))).toMatchObject({ code: "JobNotFound" });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" }, ...BOTH });
  await clock.advance(120_000);
  expect(await statuses(client)).toEqual([]);
});

test("a job that ends waits for a node that restarts, but not for one that has gone", async ({ expect }) => {
  const { client, clock, emulator } = await startVirtualFixture({ timings: { bootMs: 10_000 } });
  await addPoolAndJob(client, { targetDedicatedNodes: 2 }, BOTH);
  await clock.advance(10_000);
  for (const id of ["a", "b"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(120_000);
  const [first, second] = await client.computeNode.list("pool");

  await client.computeNode.reboot("pool", first?.id ?? "");
  emulator.loseNode("pool", second?.id ?? "", "unusable");
  await client.job.terminate("job");
  await clock.advance(5000);
  expect((await client.job.get("job")).state).toBe("terminating");
  await clock.advance(70_000);

  expect((await client.job.get("job")).state).toBe("completed");
  const released = (await statuses(client)).map((status) => status.released);
  expect(new Set(released)).toEqual(new Set(["success", undefined]));
});

test("after a kill a job that was ending is released on its nodes, and only where it had not been", async ({
  expect,
}) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client, {}, BOTH);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(120_000);
  await client.job.terminate("job");
  await clock.advance(30_000);
  expect(await statuses(client)).toEqual([{ prepared: "success", released: "running" }]);

  const again = await reopen(copyOfData(dataFolder), clock.now());
  await again.clock.advance(30_000);
  expect(await statuses(again.client)).toEqual([{ prepared: "success", released: "running" }]);
  await again.clock.advance(31_000);
  expect((await again.client.job.get("job")).state).toBe("completed");

  const third = await reopen(copyOfData(again.dataFolder), again.clock.now());
  await third.clock.advance(1000);
  expect(await statuses(third.client)).toEqual([{ prepared: "success", released: "success" }]);
});

test("a release that is cut off by a kill is shown as failed where its job had not waited for it", async ({
  expect,
}) => {
  const { client, clock, emulator, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client, {}, BOTH);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(61_000);
  await raw(emulator, { method: "POST", path: `/jobs/job/terminate?force=true&${NEWER}` });
  await clock.advance(1000);
  expect(await statuses(client)).toEqual([{ prepared: "success", released: "running" }]);

  const again = await reopen(copyOfData(dataFolder), clock.now());
  await again.clock.advance(120_000);

  expect(await statuses(again.client)).toEqual([{ prepared: "success", released: "failure" }]);
  expect((await again.client.job.get("job")).state).toBe("completed");
});
