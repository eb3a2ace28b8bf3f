import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished, test } from "vitest";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { addPoolAndJob, connect, until } from "./emulator.ts";
import type { BatchEmulator } from "../../../src/local/batchEmulator/index.ts";

interface Started {
  readonly child: ChildProcess;
  readonly emulator: BatchEmulator;
}

/** The command as a user starts it, from what was built. */
async function startCommand(dataFolder: string): Promise<Started> {
  const args = ["--port", "0", "--data", dataFolder, "--json"];
  const child = spawn(process.execPath, [builtScript("local/batchEmulator/main.ts"), ...args], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  for await (const line of createInterface(child.stdout)) return { child, emulator: JSON.parse(line) as BatchEmulator };
  throw new Error("The emulator ended before it was ready");
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code));
  });
}

function isAlive(pid: number): boolean {
  const state = spawnSync("ps", ["-o", "stat=", "-p", String(pid)], { encoding: "utf8" }).stdout.trim();
  return state !== "" && !state.startsWith("Z");
}

test("after kill -9 the task runs again, and nothing of its first run goes on beside the second", async ({
  expect,
}) => {
  const dataFolder = temporaryFolder();
  const runs = join(temporaryFolder(), "runs");
  const pids = () => (existsSync(runs) ? readFileSync(runs, "utf8").trim().split("\n").map(Number) : []);
  const first = await startCommand(dataFolder);
  const client = connect(first.emulator);
  await addPoolAndJob(client);
  const commandLine = `/bin/sh -c "echo $$ >> ${runs}; exec setsid -w sleep 1000"`;
  await client.task.add("job", { id: "task", commandLine: commandLine.replace("$$", "\\$\\$") });
  await until(
    async () => pids().length,
    (count) => count === 1,
  );

  first.child.kill("SIGKILL");
  await ended(first.child);
  const wasAlive = pids().map(isAlive);
  const second = await startCommand(dataFolder);
  await until(
    async () => pids().length,
    (count) => count === 2,
  );

  expect(wasAlive).toEqual([true]);
  expect(pids().map(isAlive)).toEqual([false, true]);
  const task = await connect(second.emulator).task.get("job", "task");
  expect(task.executionInfo).toMatchObject({ requeueCount: 0, retryCount: 0 });

  const exit = ended(second.child);
  second.child.kill("SIGTERM");
  expect(await exit).toBe(143);
  expect(pids().map(isAlive)).toEqual([false, false]);
});

test("what was acknowledged before kill -9 is there afterwards, however fast it came", async ({ expect }) => {
  const dataFolder = temporaryFolder();
  const first = await startCommand(dataFolder);
  const client = connect(first.emulator);
  await client.job.add({ id: "job", poolInfo: { poolId: "none" } });
  const acknowledged: string[] = [];
  const adding = Array.from({ length: 4 }, async (_, lane) => {
    for (let i = 0; ; i++) {
      const id = `task-${lane}-${i}`;
      await client.task.add("job", { id, commandLine: "work" });
      acknowledged.push(id);
      if (acknowledged.length === 300) first.child.kill("SIGKILL");
    }
  });
  await Promise.allSettled(adding);

  const second = await startCommand(dataFolder);

  const tasks = await connect(second.emulator).task.list("job", { taskListOptions: { select: "id" } });
  const found = new Set(tasks.map((task) => task.id));
  expect(acknowledged.length).toBeGreaterThanOrEqual(300);
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
});
