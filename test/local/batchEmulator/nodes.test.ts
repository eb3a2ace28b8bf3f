import { test } from "vitest";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";

async function onlyNode(client: Fixture["client"]) {
  const [node] = await client.computeNode.list("pool");
  if (node?.id === undefined) throw new Error("The pool has no node");
  return client.computeNode.get("pool", node.id);
}

test("a node waits for the start task before it takes tasks", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { startTask: { commandLine: "prepare" } });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(59_999);

  const waiting = await onlyNode(client);
  const task = await client.task.get("job", "task");
  await clock.advance(1);
  const running = await onlyNode(client);

  expect(waiting).toMatchObject({ state: "waitingforstarttask", startTaskInfo: { state: "running", retryCount: 0 } });
  expect(task.state).toBe("active");
  expect(running).toMatchObject({
    state: "running",
    runningTasksCount: 1,
    runningTaskSlotsCount: 1,
    startTaskInfo: { state: "completed", exitCode: 0, result: "success" },
  });
});

test("a start task that fails is retried, then the node takes no tasks until a reboot", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ faults: { startTasks: [{ exitCode: 7, times: 3 }] } });
  await addPoolAndJob(client, { startTask: { commandLine: "prepare", maxTaskRetryCount: 2 } });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(600_000);

  const failed = await onlyNode(client);
  await client.computeNode.reboot("pool", failed.id ?? "");
  await clock.advance(200_000);

  expect(failed).toMatchObject({
    state: "starttaskfailed",
    startTaskInfo: { exitCode: 7, retryCount: 2, result: "failure", failureInfo: { code: "FailureExitCode" } },
  });
  expect((await client.task.get("job", "task")).state).toBe("completed");
});

test("a start task need not succeed where waitForSuccess is false", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ faults: { startTasks: [{ exitCode: 1 }] } });
  await addPoolAndJob(client, { startTask: { commandLine: "prepare", waitForSuccess: false } });
  await clock.advance(0);

  expect(await onlyNode(client)).toMatchObject({ state: "idle", startTaskInfo: { result: "failure" } });
});

test("a reboot requeues the task on the node, and it runs again", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(30_000);
  const node = await onlyNode(client);

  await client.computeNode.reboot("pool", node.id ?? "");
  const rebooting = await onlyNode(client);
  await clock.advance(1000);
  const again = await client.task.get("job", "task");

  expect(rebooting.state).toBe("rebooting");
  expect(await refusal(client.computeNode.reboot("pool", "unknown"))).toMatchObject({ code: "NodeNotFound" });
  expect(again).toMatchObject({ state: "running", executionInfo: { requeueCount: 1, retryCount: 0 } });
});

test("a preempted node stays listed, its task is requeued uncounted, and it comes back", async ({ expect }) => {
  const { client, clock, emulator } = await startVirtualFixture({ timings: { preemptedMs: 60_000 } });
  await addPoolAndJob(client, { targetDedicatedNodes: 0, targetLowPriorityNodes: 1 });
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(30_000);
  const node = await onlyNode(client);

  emulator.loseNode("pool", node.id ?? "", "preempt");
  await clock.advance(1000);
  const preempted = await onlyNode(client);
  const waiting = await client.task.get("job", "task");
  await clock.advance(200_000);

  expect(preempted).toMatchObject({ id: node.id, state: "preempted" });
  expect(waiting).toMatchObject({ state: "active", executionInfo: { requeueCount: 0 } });
  expect((await client.task.get("job", "task")).state).toBe("completed");
});

test("a node whose scheduling is disabled is offline and takes no tasks until it is enabled", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await clock.advance(0);
  const { id = "" } = await onlyNode(client);

  await client.computeNode.disableScheduling("pool", id);
  await client.task.add("job", { id: "task", commandLine: "work" });
  await clock.advance(100_000);
  const offline = await onlyNode(client);
  const again = await refusal(client.computeNode.disableScheduling("pool", id));
  await client.computeNode.enableScheduling("pool", id);
  await clock.advance(100_000);

  expect(offline).toMatchObject({ state: "offline", schedulingState: "disabled", totalTasksRun: 0 });
  expect(again).toEqual({ status: 409, code: "NodeAlreadyInTargetSchedulingState" });
  expect(await onlyNode(client)).toMatchObject({ state: "idle", totalTasksRun: 1, totalTasksSucceeded: 1 });
});

test("a reimaged node boots again, and an unusable one says what is wrong with it", async ({ expect }) => {
  const { client, clock, emulator } = await startVirtualFixture();
  await addPoolAndJob(client);
  await clock.advance(0);
  const { id = "" } = await onlyNode(client);

  await client.computeNode.reimage("pool", id);
  expect((await onlyNode(client)).state).toBe("reimaging");
  await clock.advance(0);
  expect((await onlyNode(client)).state).toBe("idle");
  emulator.loseNode("pool", id, "unusable");
  const unusable = await onlyNode(client);

  expect(unusable.state).toBe("unusable");
  expect(unusable.errors).toHaveLength(1);
});

test("every node has its own way in, and an agent once it has booted", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture({ timings: { bootMs: 1000 } });
  await addPoolAndJob(client, { targetDedicatedNodes: 2 });
  await clock.advance(0);
  const creating = await client.computeNode.list("pool");
  await clock.advance(2000);
  const idle = await client.computeNode.list("pool");

  expect(creating.map((node) => [node.lastBootTime, node.nodeAgentInfo])).toEqual([
    [undefined, undefined],
    [undefined, undefined],
  ]);
  expect(idle.map((node) => node.nodeAgentInfo?.lastUpdateTime)).toEqual(idle.map((node) => node.lastBootTime));
  const endpoints = idle.map((node) => node.endpointConfiguration?.inboundEndpoints[0]);
  expect(endpoints.map((endpoint) => [endpoint?.name, endpoint?.frontendPort])).toEqual([
    ["SSHRule.0", 50_000],
    ["SSHRule.1", 50_001],
  ]);
  expect(idle.map((node) => node.affinityId)).toEqual(idle.map((node) => `TVM:${node.id}`));
});
