import { readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, test, vi } from "vitest";
import { normalizeETag } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import type { LocalStack, StackService } from "../../src/local/stack/localStack.ts";
import { startLocalStack } from "../../src/local/stack/localStack.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { pathsBelow, textOf } from "./pathsBelow.ts";
import { PATIENCE_MS } from "../patience.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const ANY_PORTS = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };
const PATIENCE = { timeout: PATIENCE_MS, interval: 100 };

let stack: LocalStack;
let storage: BlobServiceClient;
let systemKey: string;
const lines: string[] = [];
const pids: Partial<Record<StackService, number>> = {};
const ids: string[] = [];
/** What the first two conversions have left in the output container, by name. */
const results = new Map<string, string>();

/** A stack that has converted one file, failed with another, and lost its storage under a third. */
beforeAll(async () => {
  stack = await startLocalStack({
    data: temporaryFolder(afterAll),
    ports: ANY_PORTS,
    env: process.env,
    privateStorage: true,
    onStarted: (service, pid) => {
      // The new one stands still before it listens, so that storage is away for as long as somebody asks for it.
      if (service === "azurite" && pids.azurite !== undefined) process.kill(pid, "SIGSTOP");
      pids[service] = pid;
    },
    onLine: (service, line) => lines.push(`${service}: ${line}`),
  });
  storage = BlobServiceClient.fromConnectionString(stack.connection.storage.connectionString);
  systemKey = String(/"systemKey":"([^"]+)"/.exec(read("functions/state.journal"))?.[1]);
  await upload("talk.mp4", SAMPLE);
  await upload("text.mp4", Buffer.from("no video"));
  await recorded("talk.mp3.json");
  await recorded("text.mp3.json");
  await readResults();
  await upload("lost.mp4", SAMPLE);
  process.kill(pids.azurite ?? 0, "SIGKILL");
  await vi.waitUntil(() => lines.some((line) => /^functions: .*ECONNREFUSED/.test(line)), PATIENCE);
  process.kill(pids.azurite ?? 0, "SIGCONT");
  await recorded("talk.mp3.json");
});

afterAll(async () => {
  await stack?.stop();
});

async function upload(name: string, content: Buffer): Promise<void> {
  const { etag = "" } = await storage.getContainerClient("input").getBlockBlobClient(name).uploadData(content);
  ids.push(conversionIdOf("mp3", { container: "input", name, eTag: normalizeETag(etag) }));
}

async function recorded(name: string): Promise<void> {
  await vi.waitFor(() => storage.getContainerClient("output").getBlobClient(name).getProperties(), PATIENCE);
}

async function readResults(): Promise<void> {
  const output = storage.getContainerClient("output");
  for await (const { name } of output.listBlobsFlat()) {
    results.set(name, (await output.getBlobClient(name).downloadToBuffer()).toString());
  }
}

function read(path: string): string {
  return textOf(join(stack.folder.path, path));
}

/** The files below a folder of the data folder, by their paths. */
function filesIn(path: string): string[] {
  return pathsBelow(join(stack.folder.path, path))
    .filter((found) => statSync(found, { throwIfNoEntry: false })?.isFile() === true)
    .map((found) => relative(stack.folder.path, found));
}

function accountKeys(): string[] {
  const { storage: account, batch } = stack.connection;
  return [String(/AccountKey=([^;]*)/.exec(account.connectionString)?.[1]), batch.accountKey];
}

/** Which kinds of secrets a text holds: signatures, keys of accounts, the key of the management API. */
function secretsIn(text: string): string[] {
  const found = {
    signature: /sig(=|%3D)/i.test(text),
    accountKey: accountKeys().some((key) => text.includes(key) || text.includes(encodeURIComponent(key))),
    systemKey: text.includes(systemKey),
  };
  return Object.entries(found).flatMap(([kind, isFound]) => (isFound ? [kind] : []));
}

test("no log holds a secret, nor does any line that the services write", ({ expect }) => {
  const logs = filesIn("logs");

  expect(logs.toSorted()).toEqual(["logs/azurite.log", "logs/batch.log", "logs/functions.log"]);
  expect(logs.map((file) => secretsIn(read(file)))).toEqual([[], [], []]);
  expect(secretsIn(lines.join("\n"))).toEqual([]);
});

test("the host's journal holds its own key once, and nothing else that is secret; its archive holds none", async ({
  expect,
}) => {
  const journal = read("functions/state.journal").split("\n");

  expect(journal.length).toBeGreaterThan(10);
  expect(journal.map(secretsIn).filter((kinds) => kinds.length > 0)).toEqual([["systemKey"]]);
  const archived = (): string[] => filesIn("functions/archive");
  await expect.poll(archived).not.toEqual([]);
  expect(archived().flatMap((file) => secretsIn(read(file)))).toEqual([]);
});

/** What the emulator keeps of its tasks. */
function isStateOfTasks(file: string): boolean {
  return file === "batch/journal.jsonl" || file.startsWith("batch/archive/");
}

test("the emulator's state holds the links that tasks were given, but no key, and no command line holds a link", ({
  expect,
}) => {
  const journal = filesIn("batch").filter(isStateOfTasks).map(read).join("");
  const commandLines = [...journal.matchAll(/"commandLine":"((?:[^"\\]|\\.)*)"/g)].map(([, text = ""]) => text);

  expect(secretsIn(journal)).toEqual(["signature"]);
  expect(commandLines.length).toBeGreaterThan(0);
  expect(secretsIn(commandLines.join("\n"))).toEqual([]);
});

test("what tasks leave behind holds no secret", ({ expect }) => {
  const left = filesIn("batch").filter((file) => !isStateOfTasks(file));

  expect(left.filter((file) => secretsIn(read(file)).length > 0)).toEqual([]);
});

test("the keys are in the two files that are for them, and nowhere else outside storage", ({ expect }) => {
  const withKeys = filesIn("").filter((file) => secretsIn(read(file)).includes("accountKey"));

  expect(withKeys.toSorted()).toEqual(["keys.json", "stack.json"]);
});

test("no record, no log of a conversion and no answer of the app holds a secret", async ({ expect }) => {
  const { url } = stack.connection.functions;
  const views = await Promise.all(ids.map(async (id) => (await fetch(`${url}/api/conversions/${id}`)).text()));
  const histories = await Promise.all(
    ids.map(async (id) => {
      const query = `code=${systemKey}&showHistory=true&showHistoryOutput=true&showInput=true`;
      return (await fetch(`${url}/runtime/webhooks/durabletask/instances/${id}?${query}`)).text();
    }),
  );

  expect([...results.keys()]).toEqual(expect.arrayContaining(["talk.mp3", "talk.mp3.json", "text.mp3.json"]));
  expect(histories[0]).toContain("historyEvents");
  expect(views[0]).toContain('"succeeded"');
  expect([...results.values(), ...views, ...histories].flatMap(secretsIn)).toEqual([]);
});
