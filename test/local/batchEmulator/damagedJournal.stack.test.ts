import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { seededRandom, startBatchEmulator, VirtualClock } from "../../../src/local/batchEmulator/index.ts";
import { damageEverywhere } from "../damage.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { addPoolAndJob, startVirtualFixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

interface State {
  readonly lines: readonly string[];
  /** Folder of what is archived. */
  readonly archive: string;
}

/** Lines of every kind, with as much in them as there can be. */
async function journalLines(): Promise<State> {
  const { client, clock, dataFolder } = await startVirtualFixture();
  const startTask = { commandLine: "prepare", environmentSettings: [{ name: "a", value: "b" }] };
  await addPoolAndJob(client, { startTask, metadata: [{ name: "a", value: "b" }] }, { usesTaskDependencies: true });
  const exitConditions = { exitCodes: [{ code: 1, exitOptions: { dependencyAction: "satisfy" as const } }] };
  await client.task.add("job", { id: "done", commandLine: "work", exitConditions });
  await clock.advance(120_000);
  await client.task.add("job", { id: "next", commandLine: "work", dependsOn: { taskIds: ["done"] } });
  await clock.advance(30_000);
  await client.pool.resize("pool", { targetDedicatedNodes: 2 });
  const lines = readFileSync(join(dataFolder, "batch", "journal.jsonl"), "utf8")
    .trim()
    .split("\n");
  const [header = "", ...entries] = lines;
  // The last of each kind and thing has the most in it.
  const newest = new Map(entries.map((line) => [line.slice(0, 30), line]));
  return { lines: [header, ...newest.values()], archive: join(dataFolder, "batch", "archive") };
}

/** What is wrong with an emulator on these lines, unless it says itself that they are damaged. */
async function troubleWith({ lines, archive }: State): Promise<string | undefined> {
  const dataFolder = temporaryFolder();
  mkdirSync(join(dataFolder, "batch"));
  cpSync(archive, join(dataFolder, "batch", "archive"), { recursive: true });
  writeFileSync(join(dataFolder, "batch", "journal.jsonl"), lines.map((line) => `${line}\n`).join(""));
  const logged: string[] = [];
  const clock = new VirtualClock(Date.UTC(2026, 0, 2));
  try {
    const emulator = await startBatchEmulator({
      dataFolder,
      clock,
      random: seededRandom(1),
      virtualTasks: { seconds: 60 },
      log: (line) => logged.push(line),
    });
    try {
      await clock.advance(120_000);
      for (const path of ["/pools", "/pools/pool/nodes", "/jobs", "/jobs/job/tasks"]) {
        const { status, text } = await raw(emulator, { path });
        if (status !== 200 && status !== 404) return `${path}: ${text}`;
      }
    } finally {
      await emulator.stop();
    }
    return logged[0];
  } catch (error) {
    return (error as { code?: string }).code === "DamagedData" ? undefined : String(error);
  }
}

test("a wrong value anywhere in a journal is named as damage, or does no harm", async ({ expect }) => {
  const state = await journalLines();
  expect(state.lines.map((line) => line.slice(0, 11))).toContain('{"archived"');
  expect(await troubleWith(state)).toBeUndefined();

  const { tried, troubles } = await damageEverywhere(state.lines, (lines) => troubleWith({ ...state, lines }));

  expect(tried).toBeGreaterThan(100);
  expect(troubles).toEqual([]);
});
