import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, onTestFinished, test } from "vitest";
import { createQueueMessenger } from "../../src/azure/queueMessenger.ts";
import { readConfig } from "../../src/config.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import type { ConversionEvent } from "../../src/model/conversionEvent.ts";
import { eventOf } from "../../src/model/conversionEvent.ts";
import { createWebhook } from "../../src/webhook/messenger.ts";
import { useAzurite } from "../azuriteServices.ts";

const SECRET = `whsec_${Buffer.alloc(32, "k").toString("base64")}`;
const OTHER_SECRET = `whsec_${Buffer.alloc(32, "x").toString("base64")}`;
const EVENT = eventOf(
  {
    status: "succeeded",
    conversionId: "0123456789abcdef0123456789abcdef",
    attempts: 1,
    input: { container: "input", name: "talks/intro.mp4" },
    times: { recordedAt: "2026-01-01T12:00:00.000Z" },
  } as ConversionRecord,
  "https://account.blob.core.windows.net/input",
);

/** Below the project, where what the examples import is found. */
const FOLDER = resolve("build", `notifications-${process.pid}`);
const azurite = useAzurite();

beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

/** Writes an example of the page into a file, and returns its path. */
function example(name: string): string {
  const blocks = readFileSync("docs/notifications.md", "utf8").matchAll(/^```\w+ (\S+)\n(.*?)^```$/gms);
  const block = [...blocks].find(([, file]) => file === name);
  if (block?.[2] === undefined) throw new Error(`The page has no example ${name}`);
  const path = join(FOLDER, name);
  writeFileSync(path, block[2]);
  return path;
}

async function statusesOf(url: string, ...secrets: string[]): Promise<unknown[]> {
  const statuses: unknown[] = [];
  for (const secret of secrets) {
    const delivery = await createWebhook({ url, secret }).send(EVENT);
    statuses.push(delivery.status === "taken" ? "taken" : delivery.httpStatus);
  }
  return statuses;
}

test("the receiver in TypeScript takes what is ours, and refuses what is not", async ({ expect }) => {
  const { createReceiver } = (await import(example("webhook.ts"))) as {
    createReceiver: (secret: string, handle: (event: ConversionEvent) => void) => Server;
  };
  const handled: ConversionEvent[] = [];
  const server = createReceiver(SECRET, (event) => handled.push(event));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  expect(await statusesOf(url, SECRET, OTHER_SECRET)).toEqual(["taken", 401]);
  expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
  expect(handled).toEqual([EVENT]);
});

test.runIf(spawnSync("python3", ["--version"]).status === 0)(
  "the receiver in Python takes what is ours, and refuses what is not",
  async ({ expect }) => {
    const python = spawn("python3", [example("webhook.py")], {
      env: { ...process.env, NOTIFY_SECRET: SECRET, PORT: "0" },
      stdio: ["ignore", "pipe", "ignore"],
    });
    onTestFinished(() => void python.kill());
    const lines = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
    const { value: url = "" } = (await lines.next()) as { value?: string };

    expect(await statusesOf(url, OTHER_SECRET, SECRET)).toEqual([401, "taken"]);
    expect((await fetch(url, { method: "POST", body: "{}" })).status).toBe(401);
    expect((await lines.next()).value).toBe("mp3drop.conversion.succeeded talks/intro.mp4");
  },
);

test("the consumer of the queue in TypeScript takes each end once it has handled it", async ({ expect }) => {
  const { takeEnds } = (await import(example("queue.ts"))) as {
    takeEnds: (connectionString: string, handle: (event: ConversionEvent) => Promise<void>) => Promise<void>;
  };
  const { connectionString } = azurite;
  const { storage } = readConfig({ STORAGE: connectionString, BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1" });
  const queue = createQueueMessenger(storage, "conversions");
  expect(await queue.send(EVENT)).toEqual({ status: "taken" });

  const handled: ConversionEvent[] = [];
  await takeEnds(connectionString, async (event) => void handled.push(event));
  await takeEnds(connectionString, async (event) => void handled.push(event));
  expect(handled).toEqual([EVENT]);
});
