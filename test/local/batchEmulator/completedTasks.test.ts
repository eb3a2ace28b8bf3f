import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { VirtualClock } from "../../../src/local/batchEmulator/index.ts";
import { addPoolAndJob, refusal, startVirtualFixture } from "./emulator.ts";
import type { Fixture } from "./emulator.ts";

const MINUTE_MS = 60_000;

/** Ten tasks that have completed, some of them with 1, and one that never ran; then a restart. */
async function startWithCompletedTasks(options: { failureRate: number }) {
  const virtualTasks = { seconds: 60, ...options };
  const first = await startVirtualFixture({ virtualTasks });
  await addPoolAndJob(first.client, { taskSlotsPerNode: 20 });
  for (let i = 0; i < 10; i++) {
    const constraints = { retentionTime: i < 5 ? "PT1H" : "P1D" };
    await first.client.task.add("job", { id: `Task-${i}`, commandLine: "work", requiredSlots: 2, constraints });
  }
  await first.clock.advance(MINUTE_MS);
  await first.client.task.add("job", { id: "last", commandLine: "work", requiredSlots: 30 });
  const before = await everythingAbout(first);
  await first.emulator.stop();
  const clock = new VirtualClock(first.clock.now());
  const again = await startVirtualFixture({ virtualTasks, dataFolder: first.dataFolder, clock });
  return { ...again, clock, before };
}

/** What the job's tasks look like to somebody who asks in every way there is. */
async function everythingAbout({ client, emulator }: Pick<Fixture, "client" | "emulator">): Promise<unknown> {
  const list = async (taskListOptions: object): Promise<readonly object[]> => {
    const tasks = await client.task.list("job", { taskListOptions });
    return [...tasks];
  };
  const firstPage = await client.task.list("job", { taskListOptions: { maxResults: 4 } });
  const answers = [
    await client.job.getTaskCounts("job"),
    await client.task.get("job", "TASK-3"),
    await list({}),
    [...firstPage],
    [...(await client.task.listNext(firstPage.odatanextLink ?? ""))],
    await list({ filter: "state eq 'completed' and executionInfo/exitCode eq 1", select: "id,executionInfo" }),
    await list({ filter: "state eq 'active'" }),
  ];
  const text = JSON.stringify(answers, (name, value: unknown) => (PLACES.has(name) ? undefined : value));
  return JSON.parse(text.replaceAll(emulator.endpoint, ""));
}

/** What differs from one answer to the same question to the next. */
const PLACES = new Set(["_response", "requestId", "date"]);

test("completed tasks answer after a restart what they answered before it", async ({ expect }) => {
  const { before, ...again } = await startWithCompletedTasks({ failureRate: 0.5 });

  expect(await everythingAbout(again)).toEqual(before);
  expect(await again.client.task.get("job", "task-9")).toMatchObject({ id: "Task-9", state: "completed" });
});

test("a completed task can be made active again or deleted after a restart, and no other change is taken", async ({
  expect,
}) => {
  const { client, clock, emulator, dataFolder } = await startWithCompletedTasks({ failureRate: 1 });

  expect(await refusal(client.task.terminate("job", "task-3"))).toEqual({ status: 409, code: "TaskCompleted" });
  expect(await refusal(client.task.update("job", "task-3", {}))).toEqual({ status: 409, code: "TaskCompleted" });
  expect(await refusal(client.task.add("job", { id: "TASK-3", commandLine: "work" }))).toEqual({
    status: 409,
    code: "TaskExists",
  });
  await client.task.reactivate("job", "task-3");
  const active = await client.task.get("job", "task-3");
  await client.task.deleteMethod("job", "task-5");
  await clock.advance(2 * MINUTE_MS);
  const ids = async (of: Fixture["client"]) => (await of.task.list("job")).map(({ id, state }) => `${id} ${state}`);
  const after = await ids(client);
  await emulator.stop();
  const again = await startVirtualFixture({ dataFolder, clock: new VirtualClock(clock.now()) });

  expect(active).toMatchObject({ state: "active", previousState: "completed" });
  expect(active.executionInfo?.exitCode).toBeUndefined();
  expect(after).toEqual([...[0, 1, 2, 3, 4, 6, 7, 8, 9].map((number) => `Task-${number} completed`), "last active"]);
  expect(await ids(again.client)).toEqual(after);
  expect(await refusal(again.client.task.get("job", "task-5"))).toEqual({ status: 404, code: "TaskNotFound" });
  expect((await again.client.task.get("job", "task-3")).executionInfo?.startTime).toEqual(
    new Date(clock.now() - 2 * MINUTE_MS),
  );
  expect((await again.client.job.getTaskCounts("job")).taskCounts).toMatchObject({
    active: 1,
    completed: 9,
    failed: 9,
  });
});

test("the files of completed tasks go after their retention time, each after its own, across restarts", async ({
  expect,
}) => {
  const { client, clock } = await startWithCompletedTasks({ failureRate: 0 });
  // The node restarts with the emulator, and keeps its disk.
  const gone = async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => refusal(client.file.listFromTask("job", `task-${i}`))),
    );
    return answers.map(({ code }) => (code === "TaskFilesCleanedup" ? 1 : 0)).join("");
  };

  expect(await gone()).toBe("0000000000");
  await clock.advance(60 * MINUTE_MS);
  expect(await gone()).toBe("1111100000");
  await clock.advance(23 * 60 * MINUTE_MS);
  expect(await gone()).toBe("1111111111");
});

test("the files of very many tasks that are due at once go in turns, with time for others in between", async ({
  expect,
}) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client, { taskSlotsPerNode: 256, targetDedicatedNodes: 3 });
  const constraints = { retentionTime: "PT1H" };
  for (let first = 0; first < 600; first += 100) {
    const tasks = Array.from({ length: 100 }, (_, i) => ({
      id: `task-${first + i}`,
      commandLine: "work",
      constraints,
    }));
    await client.task.addCollection("job", tasks);
  }
  await clock.advance(5 * MINUTE_MS);
  const { endTime } = (await client.task.get("job", "task-599")).executionInfo ?? {};
  const codes = async () => {
    const answers = ["task-0", "task-599"].map((id) => refusal(client.file.listFromTask("job", id)));
    return (await Promise.all(answers)).map(({ code }) => code);
  };

  await clock.advance((endTime?.getTime() ?? 0) + 60 * MINUTE_MS - clock.now());
  expect(await codes()).toEqual(["TaskFilesCleanedup", "not refused"]);
  await clock.advance(1_000);
  expect(await codes()).toEqual(["TaskFilesCleanedup", "TaskFilesCleanedup"]);
});

test("a job that is deleted takes its completed tasks with it, and its name may be used again", async ({ expect }) => {
  const { client, clock, emulator, dataFolder } = await startWithCompletedTasks({ failureRate: 0 });

  await client.job.deleteMethod("job");
  await clock.advance(MINUTE_MS);
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });
  await client.task.add("job", { id: "task-3", commandLine: "work" });
  await clock.advance(5 * MINUTE_MS);
  await emulator.stop();
  const again = await startVirtualFixture({ dataFolder, clock: new VirtualClock(clock.now()) });

  expect((await again.client.task.list("job")).map(({ id, state }) => [id, state])).toEqual([["task-3", "completed"]]);
  expect((await again.client.job.getTaskCounts("job")).taskCounts).toMatchObject({ active: 0, completed: 1 });
});

test("a completed task whose record is damaged is a failed answer and a line in the log, and the others go on", async ({
  expect,
}) => {
  const lines: string[] = [];
  const { client, clock, dataFolder } = await startVirtualFixture({ log: (line) => lines.push(line) });
  await addPoolAndJob(client);
  for (const id of ["bad", "good"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(5 * MINUTE_MS);
  const archive = join(dataFolder, "batch", "archive", "1.jsonl");
  writeFileSync(archive, readFileSync(archive, "utf8").replace('"id":"bad"', '"id":"odd"'));

  expect(await refusal(client.task.get("job", "bad"))).toEqual({ status: 500, code: "InternalError" });
  expect((await client.task.get("job", "good")).id).toBe("good");
  expect(lines.join("\n")).toContain("is damaged");
});

test("a list that a filter keeps completed tasks out of needs none of their records", async ({ expect }) => {
  const { client, clock, dataFolder } = await startVirtualFixture();
  await addPoolAndJob(client);
  for (const id of ["Bad", "good"]) await client.task.add("job", { id, commandLine: "work" });
  await clock.advance(5 * MINUTE_MS);
  await client.task.add("job", { id: "waits", commandLine: "work", requiredSlots: 30 });
  const archive = join(dataFolder, "batch", "archive", "1.jsonl");
  writeFileSync(archive, readFileSync(archive, "utf8").replace('"id":"Bad"', '"id":"Odd"'));
  const list = async (filter: string) => {
    const tasks = await client.task.list("job", { taskListOptions: { filter } });
    return tasks.map(({ id }) => id);
  };

  expect(await list("state eq 'active'")).toEqual(["waits"]);
  expect(await list("state ne 'completed' or (executionInfo/exitCode eq 0 and startswith(id,'GO'))")).toEqual([
    "good",
    "waits",
  ]);
  expect(await refusal(list("state eq 'completed' and startswith(id,'b')"))).toMatchObject({ status: 500 });
});
