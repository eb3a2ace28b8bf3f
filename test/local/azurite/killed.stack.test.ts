import { createHmac } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, cpSync, readFileSync, truncateSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import type { ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient } from "@azure/storage-blob";
import type { QueueClient } from "@azure/storage-queue";
import { QueueServiceClient } from "@azure/storage-queue";
import { afterAll, beforeAll, describe, onTestFinished, test, vi } from "vitest";
import { azuriteConnectionString, startAzurite } from "../../../src/local/azurite/azurite.ts";
import { createReadyReader } from "../../../src/local/azurite/readyLines.ts";
import type { AzuritePorts } from "../../../src/local/azurite/readyLines.ts";
import { builtScript } from "../../../src/local/kit/appRoot.ts";
import { spawnUnderFileSizeLimit } from "../kit/fullDisk.ts";
import { accepts } from "../ports.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { PATIENCE_MS } from "../../patience.ts";

interface Killable {
  readonly ready: AzuritePorts;
  readonly connectionString: string;
  readonly container: ContainerClient;
  readonly stop: () => Promise<void>;
  /** The next one comes by itself, at the same address. Resolves once it is there. */
  readonly kill: () => Promise<void>;
}

async function start(data = temporaryFolder(), onEnd: typeof onTestFinished = onTestFinished): Promise<Killable> {
  let pid = 0;
  let onDeath = (): void => {};
  const azurite = await startAzurite({
    folder: join(data, "azurite"),
    logFile: join(data, "azurite.log"),
    ports: { blob: 0, queue: 0, table: 0 },
    env: process.env,
    events: { onStarted: (started) => (pid = started), onRestart: () => onDeath() },
  });
  onEnd(() => azurite.stop());
  const connectionString = azuriteConnectionString(azurite.ready);
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient("input");
  await container.createIfNotExists();
  return {
    ready: azurite.ready,
    connectionString,
    container,
    stop: () => azurite.stop(),
    kill: async () => {
      const dead = new Promise<void>((resolve) => (onDeath = resolve));
      process.kill(pid, "SIGKILL");
      await dead;
      // The last of its services to listen.
      const table = `http://127.0.0.1:${azurite.ready.table}`;
      await vi.waitUntil(() => accepts(table), { timeout: PATIENCE_MS });
    },
  };
}

describe("after kill -9 while files are uploaded", () => {
  const data = temporaryFolder(afterAll);
  const acknowledged = new Map<string, { bytes: string; eTag: string | undefined }>();
  let azurite: Killable;
  let made: { readonly blobs: Blobs; readonly queue: Queue; readonly table: ReturnType<typeof tableAt> };

  beforeAll(async () => {
    azurite = await start(data, afterAll);
    made = { blobs: await makeBlobs(azurite), queue: await makeQueue(azurite), table: await makeTable(azurite) };
    const { connectionString, kill } = azurite;
    const impatient = BlobServiceClient.fromConnectionString(connectionString, { retryOptions: { maxTries: 1 } });
    let dead: Promise<void> | undefined;
    const uploading = Array.from({ length: 4 }, async (_, lane) => {
      for (let i = 0; ; i++) {
        const name = `${lane}/${i % 20}.mp4`;
        const bytes = `bytes ${lane} ${i} `.repeat(1 + ((i * 997) % 5_000));
        const blob = impatient.getContainerClient("input").getBlockBlobClient(name);
        // It may or may not get there.
        acknowledged.delete(name);
        const { etag } = await blob.upload(bytes, bytes.length, { metadata: { lane: String(lane) } });
        acknowledged.set(name, { bytes, eTag: etag });
        if (acknowledged.size === 70) dead ??= kill();
      }
    });
    await Promise.allSettled(uploading);
    await dead;
  });

  test("every upload that was acknowledged is there, to the byte", async ({ expect }) => {
    for (const [name, { bytes, eTag }] of acknowledged) {
      const blob = azurite.container.getBlobClient(name);
      expect((await blob.downloadToBuffer()).toString(), name).toBe(bytes);
      expect(await blob.getProperties(), name).toMatchObject({ etag: eTag, metadata: { lane: name.split("/")[0] } });
    }
    expect(acknowledged.size).toBeGreaterThan(60);
  });

  test("a blob has its metadata, lease, snapshot and blocks, and what was deleted stays deleted", async ({
    expect,
  }) => {
    const { blob, snapshot, copy, deleted, inBlocks, blockId } = made.blobs;

    expect((await blob.downloadToBuffer()).toString()).toBe("second");
    expect((await blob.withSnapshot(snapshot).downloadToBuffer()).toString()).toBe("first");
    expect(await blob.getProperties()).toMatchObject({
      contentType: "video/mp4",
      metadata: { title: "talk" },
      leaseState: "leased",
    });
    await expect(blob.upload("third", 5)).rejects.toMatchObject({ code: "LeaseIdMissing" });
    expect(await copy.getProperties()).toMatchObject({ copyStatus: "success", contentType: "video/mp4" });
    expect((await copy.downloadToBuffer()).toString()).toBe("second");
    expect(await deleted.exists()).toBe(false);
    await inBlocks.commitBlockList([blockId]);
    expect((await inBlocks.downloadToBuffer()).toString()).toBe("block");
  });

  test("a queue has its messages, and a receipt for one is still good", async ({ expect }) => {
    const { queue, taken } = made.queue;

    const visible = await take(queue, 10);
    await queue.updateMessage(taken.messageId, taken.popReceipt);
    const released = await take(queue, 10);

    expect([visible, released].map((messages) => messages.map(({ messageText }) => messageText))).toEqual([
      ["waiting"],
      ["taken"],
    ]);
  });

  test("a table has its entities, also one that was made anew", async ({ expect }) => {
    expect((await made.table("GET", "talks()")).body).toMatchObject({ value: [{ RowKey: "new", Title: "ü" }] });
  });
});

type Blobs = Awaited<ReturnType<typeof makeBlobs>>;

async function makeBlobs({ container }: Killable) {
  const blob = container.getBlockBlobClient("a b/ü.mp4");
  const copy = container.getBlockBlobClient("copy.mp4");
  const deleted = container.getBlockBlobClient("deleted.mp4");
  const inBlocks = container.getBlockBlobClient("in blocks.mp4");
  await blob.upload("first", 5);
  const { snapshot = "" } = await blob.createSnapshot();
  await blob.upload("second", 6, { blobHTTPHeaders: { blobContentType: "video/mp4" } });
  await deleted.upload("gone", 4);
  await (await copy.beginCopyFromURL(blob.url)).pollUntilDone();
  const blockId = Buffer.from("0001").toString("base64");
  await inBlocks.stageBlock(blockId, "block", 5);
  await blob.setMetadata({ title: "talk" });
  await blob.getBlobLeaseClient("11111111-1111-1111-1111-111111111111").acquireLease(-1);
  await deleted.delete();
  return { blob, snapshot, copy, deleted, inBlocks, blockId };
}

type Queue = Awaited<ReturnType<typeof makeQueue>>;

/** Of three messages, one has been taken and deleted, and one taken. */
async function makeQueue({ connectionString }: Killable) {
  const queue = QueueServiceClient.fromConnectionString(connectionString).getQueueClient("work");
  await queue.create();
  for (const message of ["done", "taken", "waiting"]) await queue.sendMessage(message);
  const [done, taken] = await take(queue, 2);
  if (done === undefined || taken === undefined) throw new Error("There were no messages");
  await queue.deleteMessage(done.messageId, done.popReceipt);
  return { queue, taken };
}

async function take(queue: QueueClient, numberOfMessages: number) {
  return (await queue.receiveMessages({ numberOfMessages, visibilityTimeout: 3_600 })).receivedMessageItems;
}

async function makeTable(azurite: Killable) {
  const table = tableAt(azurite);
  const steps = [
    await table("POST", "Tables", { TableName: "talks" }),
    await table("POST", "talks", { PartitionKey: "p", RowKey: "old" }),
    await table("DELETE", "Tables('talks')"),
    await table("POST", "Tables", { TableName: "talks" }),
    await table("POST", "talks", { PartitionKey: "p", RowKey: "new", Title: "ü" }),
  ];
  const statuses = steps.map(({ status }) => status);
  if (statuses.join() !== "201,201,204,201,201") throw new Error(`The table answered ${statuses.join()}`);
  return table;
}

describe("what an earlier storage has left", () => {
  const left = temporaryFolder(afterAll);

  beforeAll(async () => {
    const { container, stop } = await start(left, () => {});
    try {
      await container.getBlockBlobClient("kept.mp4").upload("kept", 4);
    } finally {
      await stop();
    }
  });

  /** A data folder with all of it. */
  function copy(): string {
    const data = temporaryFolder();
    cpSync(left, data, { recursive: true });
    return data;
  }

  test("a change that was cut short by kill -9 is ignored, and the ones before it are there", async ({ expect }) => {
    const data = copy();
    appendFileSync(changesOf(data), '{"changes":[{"in":"$BLOBS_COLLECTION$","remo');

    const next = await start(data);

    expect((await next.container.getBlobClient("kept.mp4").downloadToBuffer()).toString()).toBe("kept");
  });

  test("storage with damaged changes is not started, and it is said which file that is", async ({ expect }) => {
    const data = copy();
    const changes = changesOf(data);
    truncateSync(changes, readFileSync(changes).indexOf("\n") + 1);
    appendFileSync(changes, '{"changes":{}}\n');

    await expect(start(data)).rejects.toThrow(
      `${changes} is damaged at line 2. Delete the data folder to start afresh`,
    );
  });

  test("storage with a damaged database is not started, and it is said which file that is", async ({ expect }) => {
    const data = copy();
    const database = join(data, "azurite", "__azurite_db_queue__.json");
    truncateSync(database, 100);

    await expect(start(data)).rejects.toThrow(`${database} is damaged. Delete the data folder to start afresh`);
  });
});

test("on a full disk storage stops with a reason, and the next one has what was acknowledged", async ({ expect }) => {
  const data = temporaryFolder();
  const { ready, stderr, failure, exited } = await startOnSmallDisk(join(data, "azurite"));
  const container = BlobServiceClient.fromConnectionString(azuriteConnectionString(ready), {
    retryOptions: { maxTries: 1 },
  }).getContainerClient("input");
  await container.create();
  const acknowledged: string[] = [];
  const uploadUntilRefused = async (): Promise<void> => {
    for (let n = 0; ; n++) {
      await container.getBlockBlobClient(`${n}.mp4`).upload("", 0);
      acknowledged.push(`${n}.mp4`);
    }
  };
  await expect(uploadUntilRefused()).rejects.toThrow();

  expect(JSON.parse(await failure)).toMatchObject({
    failure: { code: "StateNotSaved", message: `${changesOf(data)} cannot be written: file too large (EFBIG)` },
  });
  expect(await exited).toEqual([1, null]);
  expect(await stderr).toBe("");
  const next = await start(data);
  const names: string[] = [];
  for await (const { name } of next.container.listBlobsFlat()) names.push(name);
  expect(acknowledged.length).toBeGreaterThan(2);
  expect(names.toSorted()).toEqual(expect.arrayContaining(acknowledged.toSorted()));
});

function changesOf(data: string): string {
  return join(data, "azurite", "__azurite_db_blob__.json.changes");
}

/** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key#table-service-shared-key-lite-authorization */
function tableAt({ ready, connectionString }: Killable) {
  const [, name = ""] = /AccountName=([^;]+)/.exec(connectionString) ?? [];
  const [, key = ""] = /AccountKey=([^;]+)/.exec(connectionString) ?? [];
  return async (method: string, path: string, entity?: object): Promise<{ status: number; body: unknown }> => {
    const url = new URL(`http://127.0.0.1:${ready.table}/${name}/${path}`);
    const date = new Date().toUTCString();
    const signature = createHmac("sha256", Buffer.from(key, "base64"))
      .update(`${date}\n/${name}${url.pathname}`)
      .digest("base64");
    const response = await fetch(url, {
      method,
      headers: {
        authorization: `SharedKeyLite ${name}:${signature}`,
        "x-ms-date": date,
        "x-ms-version": "2021-12-02",
        accept: "application/json;odata=nometadata",
        "content-type": "application/json",
      },
      ...(entity !== undefined && { body: JSON.stringify(entity) }),
    });
    const body = await response.text();
    return { status: response.status, body: body === "" ? undefined : (JSON.parse(body) as unknown) };
  };
}

async function startOnSmallDisk(folder: string) {
  const require = createRequire(import.meta.url);
  const azurite = join(dirname(require.resolve("azurite/package.json")), "dist", "src", "azurite.js");
  const patches = pathToFileURL(builtScript("local/azurite/patches/keepsChanges.ts")).href;
  const ports = ["blob", "queue", "table"].flatMap((service) => [`--${service}Port`, "0"]);
  const options = ["--location", folder, ...ports, "--skipApiVersionCheck", "--silent", "--disableTelemetry"];
  const child = spawnUnderFileSizeLimit(process.execPath, ["--import", patches, azurite, ...options]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const stderr = text(child.stderr);
  const lines = createInterface(child.stdout);
  const failure = new Promise<string>((resolve) => {
    lines.on("line", (line) => line.startsWith("{") && resolve(line));
  });
  const read = createReadyReader();
  const ready = await new Promise<AzuritePorts>((resolve) => {
    lines.on("line", (line) => {
      const ports = read(line);
      if (ports !== undefined) resolve(ports);
    });
  });
  return { ready, stderr, failure, exited };
}
