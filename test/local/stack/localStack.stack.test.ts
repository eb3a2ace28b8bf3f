import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { identifyProcess } from "../../../src/local/kit/processIdentity.ts";
import { startLocalStack } from "../../../src/local/stack/localStack.ts";
import { dataFolderAt } from "../../../src/local/stack/dataFolder.ts";
import { accepts } from "../ports.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const ANY_PORTS = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };

test("a part that cannot be stopped does not keep the others from stopping", async ({ expect }) => {
  const data = temporaryFolder();
  const folder = dataFolderAt(data);
  const pids: number[] = [];
  onTestFinished(() => pids.forEach(killIfThere));
  const stack = await startLocalStack({
    data,
    ports: ANY_PORTS,
    env: process.env,
    onStarted: (_service, pid) => pids.push(pid),
  });
  // What announces the stack goes first, and a folder in its place cannot be removed like a file.
  rmSync(folder.stack);
  mkdirSync(folder.stack);

  await expect(stack.stop()).rejects.toMatchObject({ code: "ERR_FS_EISDIR" });

  const { batch, functions } = stack.connection;
  expect(await Promise.all([batch.endpoint, functions.url].map(accepts))).toEqual([false, false]);
  expect(pids.map(isAlive)).toEqual([false, false, false]);
  expect(existsSync(folder.lock)).toBe(false);
});

test("a wrong setting is found before anything is created", async ({ expect }) => {
  const data = join(temporaryFolder(), "data");
  const env = { ...process.env, WORKLOADS: "mp4", MP3_BITRATE_KBPS: "loud" };

  const starting = startLocalStack({ data, ports: ANY_PORTS, env });

  await expect(starting).rejects.toMatchObject({
    code: "InvalidConfiguration",
    problems: [expect.stringContaining("WORKLOADS"), expect.stringContaining("MP3_BITRATE_KBPS")],
  });
  expect(existsSync(data)).toBe(false);
});

test.for(["ports.json", "keys.json", "children.json", "stack.json", "bin/ffmpeg", "logs/azurite.log"])(
  "what cannot be written in the data folder, as %s, is the user's to repair, and nothing keeps running",
  async (name, { expect }) => {
    const data = temporaryFolder();
    const pids: number[] = [];
    onTestFinished(() => pids.forEach(killIfThere));
    mkdirSync(join(data, name), { recursive: true });

    const starting = startLocalStack({
      data,
      ports: ANY_PORTS,
      env: process.env,
      onStarted: (_service, pid) => pids.push(pid),
    });

    await expect(starting).rejects.toMatchObject({
      name: "UserError",
      code: "BadDataFolder",
      message: expect.stringContaining(join(data, name)),
      hint: expect.stringContaining("--data"),
    });
    expect(pids.filter(isAlive)).toEqual([]);
  },
);

test("an ffmpeg that does not work is found at the start, before any service runs", async ({ expect }) => {
  const pids: number[] = [];

  const starting = startLocalStack({
    data: temporaryFolder(),
    ports: ANY_PORTS,
    env: { ...process.env, FFMPEG_PATH: "/bin/false" },
    onStarted: (_service, pid) => pids.push(pid),
  });

  await expect(starting).rejects.toMatchObject({
    code: "FfmpegBroken",
    message: expect.stringContaining("/bin/false"),
  });
  expect(pids).toEqual([]);
});

function isAlive(pid: number): boolean {
  return identifyProcess(pid) !== undefined;
}

function killIfThere(pid: number): void {
  if (isAlive(pid)) process.kill(pid, "SIGKILL");
}
