import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { examine } from "../../../src/cli/doctor/examine.ts";
import { localChecks } from "../../../src/cli/doctor/localStack.ts";
import { checkDataFolder, checkNode, checkPorts, checkTools } from "../../../src/cli/doctor/machine.ts";
import { Secrets } from "../../../src/cli/doctor/secrets.ts";
import { dataFolderAt, lockDataFolder } from "../../../src/local/stack/dataFolder.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";

const FREE = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };

test.for([
  ["20.19.0", "ok"],
  ["24.1.0", "ok"],
  ["20.9.0", "wrong"],
  ["18.20.4", "wrong"],
] as const)("Node.js %s is %s", ([version, state], { expect }) => {
  expect(checkNode(version)).toMatchObject({ what: "Node.js", state });
});

test("a tool that is missing or does not work is wrong, with what to do", async ({ expect }) => {
  const broken = join(temporaryFolder(), "ffmpeg");
  writeFileSync(broken, "#!/bin/sh\nexit 3\n", { mode: 0o700 });
  const findingsWith = (env: Record<string, string>) => {
    const view = { folder: dataFolderAt(temporaryFolder()), env, secrets: new Secrets(), ports: FREE };
    return examine(localChecks(view), view);
  };

  expect(await findingsWith({ FFMPEG_PATH: "/nowhere" })).toContainEqual({
    what: "ffmpeg",
    state: "wrong",
    detail: "FFMPEG_PATH names no program: /nowhere",
    hint: expect.stringContaining("unset FFMPEG_PATH"),
  });
  expect(await findingsWith({ FFMPEG_PATH: broken })).toContainEqual({
    what: "ffmpeg",
    state: "wrong",
    detail: `${broken} is not a working ffmpeg: asked for -version, it ended with exit code 3`,
    hint: expect.stringContaining("repair"),
  });
});

test("the packaged ffmpeg works, with a warning that it is old", async ({ expect }) => {
  expect(await checkTools({ PATH: "" })).toEqual([
    {
      what: "ffmpeg",
      state: "warning",
      detail: expect.stringMatching(/^ffmpeg version \S+, ffprobe version \S+$/),
      hint: expect.stringContaining("no security fixes"),
    },
  ]);
});

test("a data folder that is not there yet is made by the first start", async ({ expect }) => {
  const path = join(temporaryFolder(), "deep", "data");

  expect(await checkDataFolder(dataFolderAt(path))).toMatchObject([
    { state: "ok", detail: expect.stringContaining(`${path} is made by the first start, `) },
  ]);
});

test("a data folder that cannot be made is wrong", async ({ expect }) => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "", { mode: 0o600 });

  expect(await checkDataFolder(dataFolderAt(join(file, "data")))).toMatchObject([
    {
      what: "data folder",
      state: "wrong",
      detail: expect.stringContaining("cannot be written"),
      hint: expect.any(String),
    },
  ]);
});

test("little space for the data folder is a warning", async ({ expect }) => {
  const path = temporaryFolder();

  expect(await checkDataFolder(dataFolderAt(path), async () => 12e6)).toMatchObject([
    { what: "data folder", state: "warning", detail: `${path}, 12.0 MB free` },
  ]);
});

test("a port that somebody else listens on is named, with the option to change it", async ({ expect }) => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void other.close());
  const { port } = other.address() as AddressInfo;

  expect(await checkPorts(dataFolderAt(temporaryFolder()), { ...FREE, batch: port })).toEqual([
    {
      what: `port ${port}`,
      state: "warning",
      detail: `Port ${port} of 127.0.0.1, meant for the Batch emulator, is taken by another program`,
      hint: expect.stringContaining("--batch-port"),
    },
  ]);
});

test("a stack that is just starting is said to be", async ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  mkdirSync(folder.path, { recursive: true });
  onTestFinished(lockDataFolder(folder));

  expect(await checkPorts(folder, FREE)).toMatchObject([
    { what: "local stack", state: "warning", detail: `process ${process.pid} is starting or stopping it` },
  ]);
});

test("without a stack, what can be looked at is, and the rest is unknown", async ({ expect }) => {
  const tools = temporaryFolder();
  for (const tool of ["ffmpeg", "ffprobe"]) {
    writeFileSync(join(tools, tool), `#!/bin/sh\necho ${tool} version 7\n`, { mode: 0o700 });
  }
  const env = { ...process.env, FFMPEG_PATH: join(tools, "ffmpeg"), FFPROBE_PATH: join(tools, "ffprobe") };
  const view = { folder: dataFolderAt(temporaryFolder()), env, secrets: new Secrets(), ports: FREE };

  const found = await examine(localChecks(view), view);

  expect(found.map(({ what, state }) => `${what}: ${state}`)).toEqual([
    "Node.js: ok",
    "ffmpeg: ok",
    "data folder: ok",
    "settings: ok",
    "ports: ok",
    "local stack: unknown",
  ]);
});
