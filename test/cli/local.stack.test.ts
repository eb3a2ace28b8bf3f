import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, test } from "vitest";
import { azuriteConnectionString } from "../../src/local/azurite/azurite.ts";
import type { AzuritePorts } from "../../src/local/azurite/readyLines.ts";
import type { StackConnection } from "../../src/local/stack/stackState.ts";
import { accepts } from "../local/ports.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import type { CliOptions, CliRun } from "./runCli.ts";
import { ANY_PORTS, startCli } from "./runCli.ts";

const MEDIA = join(import.meta.dirname, "..", "fixtures", "media");
const SAMPLE = join(MEDIA, "sample.mp4");

type Stack = CliRun & { readonly connection: StackConnection };

async function startLocal(data: string, options: readonly string[] = [], onEnd?: CliOptions["onEnd"]): Promise<Stack> {
  const cli = startCli(["local", "--json", "--data", data, ...ANY_PORTS, ...options], {
    env: { STORAGE: "somewhere else" },
    ...(onEnd && { onEnd }),
  });
  return { ...cli, connection: JSON.parse(await cli.firstLine) as StackConnection };
}

function urlsOf({ storage, batch, functions }: StackConnection): string[] {
  const endpoints = [...storage.connectionString.matchAll(/Endpoint=([^;]*)/g)].map((match) => match[1] ?? "");
  return [...endpoints, batch.endpoint, functions.url];
}

async function allAccept(connection: StackConnection): Promise<boolean[]> {
  return Promise.all(urlsOf(connection).map(accepts));
}

function childPids(data: string): number[] {
  const children = JSON.parse(readFileSync(join(data, "children.json"), "utf8")) as { pid: number }[];
  return children.map((child) => child.pid);
}

describe("a stack that runs", () => {
  const data = temporaryFolder(afterAll);
  let stack: Stack;
  let kill = (): void => {};

  beforeAll(async () => {
    stack = await startLocal(data, [], (cleanUp) => (kill = cleanUp));
  });

  afterAll(() => kill());
  afterAll(async () => {
    stack?.child.kill("SIGTERM");
    await stack?.exit;
  });

  test("local --json says in one line where everything is", async ({ expect }) => {
    const { connection } = stack;

    expect(stack.stdout().trim().split("\n")).toHaveLength(1);
    expect(Object.keys(connection)).toEqual(["storage", "batch", "functions", "settings", "data"]);
    expect(connection.settings).toMatchObject({
      INPUT_CONTAINER: "input",
      OUTPUT_CONTAINER: "output",
      WORKLOADS: "mp3",
    });
    expect(connection.data).toBe(data);
    expect(await allAccept(connection)).toEqual([true, true, true, true, true]);
    expect(stack.stderr()).toContain("Azure Storage Explorer");
    expect(stack.stderr()).toMatch(/^Converts with +ffmpeg \S+ \(\/.+\)$/m);
    const storage = BlobServiceClient.fromConnectionString(connection.storage.connectionString);
    expect(await storage.getContainerClient("input").exists()).toBe(true);
    expect(await storage.getContainerClient("output").exists()).toBe(true);
  });

  test("storage has the well-known key that other tools expect", ({ expect }) => {
    const { connectionString } = stack.connection.storage;

    expect(connectionString).toBe(azuriteConnectionString(portsIn(connectionString)));
    expect(stack.stderr()).toContain(connectionString);
  });

  test("a second stack on the same folder is refused", async ({ expect }) => {
    const second = startCli(["local", "--data", data, ...ANY_PORTS]);

    expect((await second.exit).code).toBe(2);
    expect(second.stderr()).toContain(`DataFolderInUse: Another mp3drop (process ${stack.child.pid}) is using ${data}`);
  });

  test("each file that arrives and each conversion that ends is one line", async ({ expect }) => {
    const storage = BlobServiceClient.fromConnectionString(stack.connection.storage.connectionString);
    const input = storage.getContainerClient("input");

    for (const name of ["sample.mp4", "text.mp4", "silent-film.mp4"]) {
      await input.getBlockBlobClient(`lines/${name}`).uploadFile(join(MEDIA, name));
    }
    await expect.poll(() => stack.stderr().match(/^[✓✗] lines\//gm)).toHaveLength(3);

    const lines = stack.stderr().split("\n");
    const about = (name: string): string[] => lines.filter((line) => line.includes(`lines/${name}`));
    expect(about("sample.mp4")).toEqual([
      "lines/sample.mp4 arrived (mp3)",
      expect.stringMatching(/^✓ lines\/sample\.mp4 → lines\/sample\.mp3 \(\d+\.\d s\)$/),
    ]);
    expect(about("text.mp4")).toEqual([
      "lines/text.mp4 arrived (mp3)",
      expect.stringMatching(/^✗ lines\/text\.mp4: UnreadableInput: .+\. Check that it plays/),
    ]);
    expect(about("silent-film.mp4")).toEqual([
      "lines/silent-film.mp4 arrived (mp3)",
      "✗ lines/silent-film.mp4: NoAudioStream: The video has no audio stream. Upload a video that has sound.",
    ]);
    expect(stack.stdout().trim().split("\n")).toHaveLength(1);
  });

  test("each service that is killed comes back, and conversions go on", async ({ expect }) => {
    const restarts = (): number => stack.stderr().match(/is being restarted/g)?.length ?? 0;
    const before = restarts();

    for (const pid of childPids(data)) process.kill(pid, "SIGKILL");
    const convert = startCli(["convert", "--data", data, "--out", temporaryFolder(), "--json", SAMPLE]);

    expect((await convert.exit).code).toBe(0);
    expect(convert.stderr()).not.toContain("Starting a local stack");
    expect(restarts() - before).toBe(3);
    expect(await allAccept(stack.connection)).toEqual([true, true, true, true, true]);
  });
});

test("convert says so when its stack is killed, whose services exit, and the next stack takes over folder and ports", async ({
  expect,
}) => {
  const data = temporaryFolder();
  const killed = await startLocal(data);
  const functionsHost = childPids(data)[2] ?? 0;
  // A host that is held keeps the conversion from ending.
  process.kill(functionsHost, "SIGSTOP");
  const convert = startCli(["convert", "--data", data, "--out", temporaryFolder(), "--json", SAMPLE]);
  await expect.poll(() => convert.stderr()).toContain(": uploaded");

  killed.child.kill("SIGKILL");
  await killed.exit;
  expect((await convert.exit).code).toBe(1);
  process.kill(functionsHost, "SIGCONT");

  expect(JSON.parse(convert.stdout())).toMatchObject({
    conversions: [{ status: "failed", error: { code: "StackStopped" } }],
  });
  const next = await startLocal(data);
  expect(urlsOf(next.connection)).toEqual(urlsOf(killed.connection));
  expect(await allAccept(next.connection)).toEqual([true, true, true, true, true]);
  next.child.kill("SIGINT");
  expect(await next.exit).toEqual({ code: 130, signal: null });
});

test("with --private-storage the keys are random and stay, none is shown, convert finds its way, and SIGTERM stops all of it", async ({
  expect,
}) => {
  const data = temporaryFolder();
  const first = await startLocal(data, ["--private-storage"]);
  const keysOf = ({ storage, batch }: StackConnection): string[] => [
    /AccountKey=([^;]*)/.exec(storage.connectionString)?.[1] ?? "",
    batch.accountKey,
  ];
  const keys = keysOf(first.connection);

  const convert = startCli(["convert", "--data", data, "--out", temporaryFolder(), SAMPLE]);

  expect((await convert.exit).code).toBe(0);
  expect(convert.stderr()).not.toContain("Starting a local stack");
  first.child.kill("SIGTERM");
  expect(await first.exit).toEqual({ code: 143, signal: null });
  expect(await allAccept(first.connection)).toEqual([false, false, false, false, false]);
  expect(keys.filter((key) => first.stderr().includes(key))).toEqual([]);
  expect(first.stderr()).toContain(join(data, "stack.json"));

  const second = await startLocal(data, ["--private-storage"]);
  expect(keysOf(second.connection)).toEqual(keys);
  second.child.kill("SIGTERM");
  await second.exit;
});

function portsIn(connectionString: string): AzuritePorts {
  const [blob = 0, queue = 0, table = 0] = [...connectionString.matchAll(/:(\d+)\/devstoreaccount1/g)].map((match) =>
    Number(match[1]),
  );
  return { blob, queue, table };
}
