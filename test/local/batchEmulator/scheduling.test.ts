import { test } from "vitest";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";

const DEPENDENCIES = { usesTaskDependencies: true };

async function statesOf(client: Fixture["client"], jobId = "job"): Promise<Record<string, string>> {
  const tasks = await client.task.list(jobId);
  return Object.fromEntries(tasks.map(({ id, state }) => [id ?? "", state ?? ""]));
}

async function runningPerNode(client: Fixture["client"]): Promise<number[]> {
  const nodes = await client.computeNode.list("pool");
  return nodes.map((node) => node.runningTaskSlotsCount ?? 0).sort((a, b) => a - b);
}

test("no node runs more than its slots, and a task may need several", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { taskSlotsPerNode: 4 });
  await client.task.addCollection("job", [
    { id: "large", commandLine: "work", requiredSlots: 3 },
    { id: "medium", commandLine: "work", requiredSlots: 2 },
    { id: "huge", commandLine: "work", requiredSlots: 5 },
  ]);
  await clock.advance(1000);
  const first = await runningPerNode(client);
  await clock.advance(120_000);

  expect(first[0]).toBeLessThanOrEqual(4);
  expect(first[0]).toBeGreaterThan(0);
  expect(await statesOf(client)).toEqual({ large: "completed", medium: "completed", huge: "active" });
});

test.for([
  ["Spread", [1, 1]],
  ["Pack", [0, 2]],
] as const)("%s fills two nodes as %j", async ([nodeFillType, expected], { expect }) => {
  const { client, clock } = await startVirtualFixture();
  const taskSchedulingPolicy = { nodeFillType };
  await addPoolAndJob(client, { targetDedicatedNodes: 2, taskSlotsPerNode: 2, taskSchedulingPolicy });
  await clock.advance(0);

  await client.task.addCollection(
    "job",
    ["a", "b"].map((id) => ({ id, commandLine: "work" })),
  );
  await clock.advance(0);

  expect(await runningPerNode(client)).toEqual(expected);
});

test("a job runs no more tasks at a time than maxParallelTasks", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { taskSlotsPerNode: 4 }, { maxParallelTasks: 2 });
  await client.task.addCollection(
    "job",
    ["a", "b", "c"].map((id) => ({ id, commandLine: "work" })),
  );
  await clock.advance(1000);
  const first = Object.values(await statesOf(client)).sort();

  await client.job.patch("job", { maxParallelTasks: -1 });
  await clock.advance(1000);

  expect(first).toEqual(["active", "running", "running"]);
  expect(Object.values(await statesOf(client))).toEqual(["running", "running", "running"]);
});

test("the job of the higher priority gets the next free slot", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.job.add({ id: "urgent", poolInfo: { poolId: "pool" }, priority: 10 });
  await client.task.addCollection(
    "job",
    ["a", "b"].map((id) => ({ id, commandLine: "work" })),
  );
  await clock.advance(1000);
  await client.task.add("urgent", { id: "c", commandLine: "work" });
  await clock.advance(60_000);

  expect(await statesOf(client, "urgent")).toEqual({ c: "running" });
});

test("a job that allows it makes room for one of higher priority", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, {}, { allowTaskPreemption: true });
  await client.task.add("job", { id: "a", commandLine: "work" });
  await clock.advance(1000);

  await client.job.add({ id: "urgent", poolInfo: { poolId: "pool" }, priority: 10 });
  await client.task.add("urgent", { id: "b", commandLine: "work" });
  await clock.advance(1000);

  expect(await statesOf(client, "urgent")).toEqual({ b: "running" });
  expect(await statesOf(client)).toEqual({ a: "active" });
});

test("a task waits for those it depends on, by id and by range of ids", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { taskSlotsPerNode: 8 }, DEPENDENCIES);
  await client.task.addCollection("job", [
    { id: "1", commandLine: "work" },
    { id: "3", commandLine: "work" },
    { id: "byId", commandLine: "work", dependsOn: { taskIds: ["1", "LATER"] } },
    { id: "byRange", commandLine: "work", dependsOn: { taskIdRanges: [{ start: 1, end: 3 }] } },
  ]);
  await clock.advance(60_000);
  const waiting = await statesOf(client);
  await client.task.addCollection("job", [
    { id: "2", commandLine: "work" },
    { id: "later", commandLine: "work" },
  ]);
  await clock.advance(60_000);

  expect(waiting).toEqual({ 1: "completed", 3: "completed", byId: "active", byRange: "active" });
  expect(await statesOf(client)).toMatchObject({ byId: "running", byRange: "running" });
});

test("a failed task blocks those that depend on it, unless its exit conditions satisfy them", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ virtualTasks: { seconds: 1, failureRate: 1 } });
  await addPoolAndJob(client, {}, DEPENDENCIES);
  await client.task.addCollection("job", [
    { id: "bad", commandLine: "work" },
    {
      id: "accepted",
      commandLine: "work",
      exitConditions: { exitCodeRanges: [{ start: 1, end: 9, exitOptions: { dependencyAction: "satisfy" } }] },
    },
    { id: "blocked", commandLine: "work", dependsOn: { taskIds: ["bad"] } },
    { id: "satisfied", commandLine: "work", dependsOn: { taskIds: ["accepted"] } },
  ]);
  await clock.advance(60_000);

  expect(await statesOf(client)).toMatchObject({ blocked: "active", satisfied: "completed" });
});

test("job actions of exit conditions need a job that performs them", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await addPoolAndJob(client);
  const exitConditions = { default: { jobAction: "terminate" as const } };

  expect(await refusal(client.task.add("job", { id: "task", commandLine: "work", exitConditions }))).toEqual({
    status: 400,
    code: "InvalidPropertyValue",
  });
});

test("deleting the pool requeues its tasks, which wait for a pool of that name", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(1000);

  await client.pool.deleteMethod("pool");
  await clock.advance(1000);
  const waiting = await client.task.get("job", "task");
  await addPoolAndJob(client, {}, { id: "other" });
  await clock.advance(60_000);

  expect(waiting).toMatchObject({ state: "active", executionInfo: { requeueCount: 1 } });
  expect(await statesOf(client)).toEqual({ task: "completed" });
});
