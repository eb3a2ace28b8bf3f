import { text } from "node:stream/consumers";
import type { BatchServiceClient } from "@azure/batch";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished, test } from "vitest";
import type { BatchEmulator } from "../../../src/local/batchEmulator/index.ts";
import { spawnUnderFileSizeLimit } from "../kit/fullDisk.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { addPoolAndJob, connect, startVirtualFixture } from "./emulator.ts";

const MAIN = join(import.meta.dirname, "..", "..", "..", "dist", "cli", "main.js");

const HINT = "Free some space and start again: what was acknowledged is kept.";

test("on a full disk the emulator stops with one sentence, and the next one has what was acknowledged", async ({
  expect,
}) => {
  const { emulator, message, dataFolder, lines, stderr, exited } = await startOnSmallDisk();
  const client = connect(emulator);
  await addPoolAndJob(client, { targetDedicatedNodes: 0 });

  const acknowledged = await addTasksUntilRefused(client);

  expect(await exited).toEqual([2, null]);
  expect(await stderr).toBe(
    `Batch emulator: account ${emulator.accountName} at ${emulator.endpoint}\nStateNotSaved: ${message}\n${HINT}\n`,
  );
  expect(JSON.parse(await lines.next())).toEqual({ failure: { code: "StateNotSaved", message, hint: HINT } });
  const again = await startVirtualFixture({ dataFolder });
  const tasks = await again.client.task.list("job");
  expect(acknowledged.length).toBeGreaterThan(2);
  expect(tasks.map(({ id }) => id)).toEqual(acknowledged);
});

test("it is the same sentence when tasks are at work", async ({ expect }) => {
  const { emulator, message, lines, stderr, exited } = await startOnSmallDisk();
  const client = connect(emulator);
  await addPoolAndJob(client, { taskSlotsPerNode: 4 });

  await addTasksUntilRefused(client);

  expect(await exited).toEqual([2, null]);
  expect((await stderr).split("\n").slice(1)).toEqual([`StateNotSaved: ${message}`, HINT, ""]);
  expect(JSON.parse(await lines.next())).toMatchObject({ failure: { message } });
});

async function startOnSmallDisk() {
  const dataFolder = temporaryFolder();
  const args = ["batch-emulator", "--port", "0", "--data", dataFolder, "--json"];
  const child = spawnUnderFileSizeLimit(process.execPath, [MAIN, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const stderr = text(child.stderr);
  const iterator = createInterface(child.stdout)[Symbol.asyncIterator]();
  const lines = { next: async () => String((await iterator.next()).value) };
  const emulator = JSON.parse(await lines.next()) as BatchEmulator;
  const message = `${join(dataFolder, "batch", "journal.jsonl")} cannot be written: file too large (EFBIG)`;
  return { emulator, message, dataFolder, lines, stderr, exited };
}

/** The ids of those that were acknowledged. */
async function addTasksUntilRefused(client: BatchServiceClient): Promise<string[]> {
  const acknowledged: string[] = [];
  try {
    for (let n = 0; ; n++) {
      await client.task.add("job", { id: `task-${n}`, commandLine: "true" });
      acknowledged.push(`task-${n}`);
    }
  } catch {
    return acknowledged;
  }
}
