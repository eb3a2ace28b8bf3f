import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished, test } from "vitest";
import type { BatchEmulator } from "../../../src/local/batchEmulator/index.ts";
import { readToEnd, spawnUnderFileSizeLimit } from "../kit/fullDisk.ts";
import { addPoolAndJob, connect, startVirtualFixture, temporaryFolder } from "./emulator.ts";

const MAIN = join(import.meta.dirname, "..", "..", "..", "dist", "cli", "main.js");

test("on a full disk the emulator stops with one sentence, and the next one has what was acknowledged", async ({
  expect,
}) => {
  const dataFolder = temporaryFolder();
  const args = ["batch-emulator", "--port", "0", "--data", dataFolder, "--json"];
  const child = spawnUnderFileSizeLimit(process.execPath, [MAIN, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const stderr = readToEnd(child.stderr);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const emulator = JSON.parse((await lines.next()).value as string) as BatchEmulator;
  const client = connect(emulator);
  await addPoolAndJob(client, { targetDedicatedNodes: 0 });

  const acknowledged: string[] = [];
  try {
    for (let n = 0; ; n++) {
      await client.task.add("job", { id: `task-${n}`, commandLine: "true" });
      acknowledged.push(`task-${n}`);
    }
  } catch {
    // The disk is full.
  }

  expect(await exited).toEqual([2, null]);
  const journal = join(dataFolder, "batch", "journal.jsonl");
  const message = `${journal} cannot be written: file too large (EFBIG)`;
  const hint = "Free some space and start again: what was acknowledged is kept.";
  expect(await stderr).toBe(
    `Batch emulator: account ${emulator.accountName} at ${emulator.endpoint}\nStateNotSaved: ${message}\n${hint}\n`,
  );
  expect(JSON.parse((await lines.next()).value as string)).toEqual({
    failure: { code: "StateNotSaved", message, hint },
  });
  const again = await startVirtualFixture({ dataFolder });
  const tasks = await again.client.task.list("job");
  expect(acknowledged.length).toBeGreaterThan(2);
  expect(tasks.map(({ id }) => id)).toEqual(acknowledged);
});
