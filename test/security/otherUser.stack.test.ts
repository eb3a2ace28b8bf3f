import { createHmac } from "node:crypto";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, test, vi } from "vitest";
import { azuriteConnectionString } from "../../src/local/azurite/azurite.ts";
import { DEVELOPMENT_ACCOUNT_KEY } from "../../src/local/batchEmulator/index.ts";
import type { LocalStack } from "../../src/local/stack/localStack.ts";
import { startLocalStack } from "../../src/local/stack/localStack.ts";
import { canBeAnotherUser } from "../local/otherUser.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { listeningPorts } from "./listeningPorts.ts";
import { pathsBelow } from "./pathsBelow.ts";
import { runAsNobody } from "./runAsNobody.ts";
import { PATIENCE_MS } from "../patience.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const ANY_PORTS = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };

let stack: LocalStack;
const pids: number[] = [];

/** A stack that has done a conversion, in a folder that is made as widely readable as the umask allows. */
beforeAll(async () => {
  const umask = process.umask(0);
  stack = await startLocalStack({
    data: join(temporaryFolder(afterAll), "data"),
    ports: ANY_PORTS,
    env: process.env,
    privateStorage: true,
    onStarted: (_service, pid) => pids.push(pid),
  });
  process.umask(umask);
  const storage = BlobServiceClient.fromConnectionString(stack.connection.storage.connectionString);
  await storage.getContainerClient("input").getBlockBlobClient("talk.mp4").uploadData(SAMPLE);
  const record = storage.getContainerClient("output").getBlobClient("talk.mp3.json");
  await vi.waitFor(async () => record.getProperties(), { timeout: PATIENCE_MS, interval: 100 });
});

afterAll(async () => {
  await stack?.stop();
});

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

describe("the data folder after a conversion", () => {
  test("is for its owner only, and so is every folder and file at its top", ({ expect }) => {
    const { path } = stack.folder;
    const top = readdirSync(path).map((name) => join(path, name));

    expect(modeOf(path).toString(8)).toBe("700");
    expect(top.filter((entry) => (modeOf(entry) & 0o077) !== 0)).toEqual([]);
    expect(top.map((entry) => entry.slice(path.length + 1))).toEqual(
      expect.arrayContaining(["azurite", "batch", "functions", "logs", "keys.json", "stack.json", "stack.lock"]),
    );
  });

  test("has journals, logs and keys that are for their owner wherever they lie", ({ expect }) => {
    const kept = pathsBelow(stack.folder.path).filter((path) => /journal|\.log$|keys\.json$|stack\.json$/.test(path));
    const isOpen = (path: string): boolean => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found?.isFile() === true && (found.mode & 0o077) !== 0;
    };

    expect(kept.length).toBeGreaterThan(6);
    expect(kept.filter(isOpen)).toEqual([]);
  });

  test.runIf(canBeAnotherUser)("gives another user nothing to read and no list", ({ expect }) => {
    const tried = pathsBelow(stack.folder.path);
    const opened = runAsNobody(`
      import { accessSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
      const opened = [];
      for (const path of ${JSON.stringify(tried)}) {
        for (const open of [readFileSync, readdirSync, accessSync, (path) => writeFileSync(path, "")]) {
          try {
            open(path);
            opened.push(path);
          } catch {}
        }
      }
      console.log(JSON.stringify(opened));
    `);

    expect(tried.length).toBeGreaterThan(40);
    expect(opened).toEqual([]);
  });
});

describe("another user of the machine", () => {
  test.runIf(process.platform === "linux")("finds no secret in a command line or an environment", ({ expect }) => {
    const seen = (canBeAnotherUser ? runAsNobody(READ_PROC) : {}) as { lines?: string; environments?: string[] };
    const lines = seen.lines ?? pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8")).join("\n");

    expect(lines).toContain(stack.folder.path);
    expect(secretsIn(lines)).toEqual([]);
    expect(lines).not.toContain("sig=");
    expect(seen.environments ?? []).toEqual([]);
  });

  test("can do nothing at the Batch emulator: the public key and unsigned tokens do not count", async ({ expect }) => {
    const { endpoint, accountName, accountKey } = stack.connection.batch;
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = { aud: "https://batch.core.windows.net/", exp: Math.floor(Date.now() / 1000) + 3600 };
    const list = (authorization: string | undefined, date = ""): Promise<number> =>
      statusOf(`${endpoint}/pools?api-version=${API_VERSION}`, {
        ...(authorization !== undefined && { authorization }),
        "ocp-date": date,
      });
    const date = new Date().toUTCString();
    const signed = (key: string): string => {
      const text = `GET${"\n".repeat(12)}ocp-date:${date}\n/${accountName}/pools\napi-version:${API_VERSION}`;
      const signature = createHmac("sha256", Buffer.from(key, "base64")).update(text).digest("base64");
      return `SharedKey ${accountName}:${signature}`;
    };

    expect(await list(signed(accountKey), date)).toBe(200);
    expect(await list(signed(DEVELOPMENT_ACCOUNT_KEY), date)).toBe(403);
    expect(await list(`Bearer ${part({ alg: "none" })}.${part(claims)}.`)).toBe(401);
    expect(await list(undefined)).toBe(400);
  });

  test.runIf(process.platform === "linux")(
    "can do nothing at the management API of the host, at none of its ports",
    async ({ expect }) => {
      const ports = listeningPorts(pids.at(-1) ?? 0);
      const urls = ports.flatMap((port) => [
        `http://127.0.0.1:${port}/runtime/webhooks/durabletask/instances`,
        `http://127.0.0.1:${port}/runtime/webhooks/durabletask/instances?code=`,
        `http://127.0.0.1:${port}/durabletask/instances`,
      ]);

      expect(ports).toHaveLength(2);
      expect(new Set(await Promise.all(urls.map((url) => statusOf(url))))).toEqual(new Set([401, 404]));
    },
  );

  test("can do nothing in private storage, even with the well-known key", async ({ expect }) => {
    const own = stack.connection.storage.connectionString;
    const wellKnown = azuriteConnectionString({ blob: 1, queue: 2, table: 3 });
    const [, key = ""] = /AccountKey=([^;]*)/.exec(wellKnown) ?? [];
    const stranger = BlobServiceClient.fromConnectionString(own.replace(/AccountKey=[^;]*/, `AccountKey=${key}`));
    const input = stranger.getContainerClient("input");

    await expect(input.getBlobClient("talk.mp4").download()).rejects.toMatchObject({ statusCode: 403 });
    await expect(input.getBlockBlobClient("new.mp4").uploadData(SAMPLE)).rejects.toMatchObject({ statusCode: 403 });
    expect(await statusOf(`${input.url}/talk.mp4`)).toBe(403);
  });
});

const API_VERSION = "2022-10-01.16.0";

/** Every command line of the machine, and the environments that can be read of the stack's processes. */
const READ_PROC = `
  import { readFileSync, readdirSync } from "node:fs";
  const read = (path) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "";
    }
  };
  const all = readdirSync("/proc").filter((name) => /^\\d+$/.test(name));
  const lines = all.map((pid) => read("/proc/" + pid + "/cmdline")).join("\\n");
  const environments = all.filter((pid) => pid !== String(process.pid)).filter((pid) => read("/proc/" + pid + "/environ") !== "");
  console.log(JSON.stringify({ lines, environments }));
`;

function secretsIn(text: string): string[] {
  const { storage, batch } = stack.connection;
  const [, storageKey = ""] = /AccountKey=([^;]*)/.exec(storage.connectionString) ?? [];
  return [storageKey, batch.accountKey].filter((secret) => text.includes(secret));
}

async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number> {
  const answer = await fetch(url, { headers });
  await answer.body?.cancel();
  return answer.status;
}
