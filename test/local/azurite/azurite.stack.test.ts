import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readlinkSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { BlobSASPermissions, BlobServiceClient } from "@azure/storage-blob";
import { onTestFinished, test } from "vitest";
import { azuriteConnectionString, startAzurite } from "../../../src/local/azurite/azurite.ts";
import { createContainers } from "../../../src/local/azurite/containers.ts";
import type { AzuritePorts } from "../../../src/local/azurite/readyLines.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

/** More than all buffers between two sockets hold. */
const LARGE_BYTES = 16 * 1024 * 1024;

async function start(data: string, ports: AzuritePorts = { blob: 0, queue: 0, table: 0 }) {
  const pids: number[] = [];
  const azurite = await startAzurite({
    folder: join(data, "azurite"),
    logFile: join(data, "azurite.log"),
    ports,
    env: process.env,
    events: { onStarted: (pid) => pids.push(pid) },
  });
  onTestFinished(() => azurite.stop());
  return { ready: azurite.ready, pid: pids.at(-1) ?? 0, stop: () => azurite.stop() };
}

test("blobs survive a stop and a start on the same ports", async ({ expect }) => {
  const data = temporaryFolder();
  const first = await start(data);
  const connectionString = azuriteConnectionString(first.ready);
  await createContainers(connectionString, ["input", "output"]);
  const blob = BlobServiceClient.fromConnectionString(connectionString)
    .getContainerClient("input")
    .getBlockBlobClient("a b/ü.mp4");
  await blob.upload("video", 5);
  await first.stop();

  const second = await start(data, first.ready);

  expect(second.ready).toEqual(first.ready);
  expect((await blob.downloadToBuffer()).toString()).toBe("video");
});

test("existing containers are left as they are", async ({ expect }) => {
  const azurite = await start(temporaryFolder());
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);

  await expect(createContainers(connectionString, ["input", "output"])).resolves.toBeUndefined();
});

test("what is uploaded at once, in blocks or by appending comes back as it was, with its MD5, or is refused", async ({
  expect,
}) => {
  const azurite = await start(temporaryFolder());
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient("input");
  const bytes = randomBytes(3_000_000);
  const md5 = createHash("md5").update(bytes).digest();
  const atOnce = container.getBlockBlobClient("at once");
  const inBlocks = container.getBlockBlobClient("in blocks");
  const appended = container.getAppendBlobClient("appended");

  await appended.create();
  const [first, empty] = await Promise.all([
    atOnce.upload(bytes, bytes.length),
    container.getBlockBlobClient("empty").upload("", 0),
    inBlocks.stageBlock("AAAA", bytes.subarray(0, 1_000_000), 1_000_000),
    inBlocks.stageBlock("AAAB", bytes.subarray(1_000_000), 2_000_000),
    appended.appendBlock(bytes, bytes.length, { transactionalContentMD5: md5 }),
  ]);
  await inBlocks.commitBlockList(["AAAA", "AAAB"]);

  expect(Buffer.from(first.contentMD5 ?? [])).toEqual(md5);
  expect(Buffer.from((await atOnce.getProperties()).contentMD5 ?? [])).toEqual(md5);
  expect(Buffer.from(empty.contentMD5 ?? []).toString("hex")).toBe("d41d8cd98f00b204e9800998ecf8427e");
  for (const blob of [atOnce, inBlocks, appended]) expect((await blob.downloadToBuffer()).equals(bytes)).toBe(true);
  expect((await inBlocks.downloadToBuffer(999_990, 20)).equals(bytes.subarray(999_990, 1_000_010))).toBe(true);
  const transactionalContentMD5 = createHash("md5").update("other").digest();
  await expect(inBlocks.stageBlock("AAAA", "video", 5, { transactionalContentMD5 })).rejects.toMatchObject({
    statusCode: 400,
  });
});

test("any range of a blob that is in several blocks and files comes as it was", async ({ expect }) => {
  const azurite = await start(temporaryFolder());
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);
  const blob = BlobServiceClient.fromConnectionString(connectionString)
    .getContainerClient("input")
    .getBlockBlobClient("in blocks");
  const lengths = [700_000, 1, 512 * 1024, 1_400_000];
  const blocks = lengths.map((length, index) => ({ id: `AAA${"ABCD"[index]}`, bytes: randomBytes(length) }));
  const bytes = Buffer.concat(blocks.map((block) => block.bytes));
  const transactionalContentMD5 = createHash("md5")
    .update(blocks[0]?.bytes ?? "")
    .digest();
  // Side by side, and so in several files.
  await Promise.all([
    ...blocks.slice(1).map(({ id, bytes }) => blob.stageBlock(id, bytes, bytes.length)),
    ...blocks.slice(0, 1).map(({ id, bytes }) => blob.stageBlock(id, bytes, bytes.length, { transactionalContentMD5 })),
  ]);
  await blob.commitBlockList(blocks.map(({ id }) => id));

  for (const [from, to] of [
    [0, bytes.length],
    [699_999, 700_002],
    [700_000, 700_001],
    [700_001, bytes.length - 1],
    [600_000, 1_300_000],
    [bytes.length - 1, bytes.length],
  ] as const) {
    expect((await blob.downloadToBuffer(from, to - from)).equals(bytes.subarray(from, to)), `${from}-${to}`).toBe(true);
  }
});

test.runIf(process.platform === "linux")("a download that is broken off leaves no file open", async ({ expect }) => {
  const azurite = await start(temporaryFolder());
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient("input");
  const blob = container.getBlockBlobClient("blob");
  const bytes = Buffer.alloc(LARGE_BYTES, "a");
  await blob.upload(bytes, bytes.length);
  const openFiles = (): number =>
    readdirSync(`/proc/${azurite.pid}/fd`)
      .flatMap((name) => linkTarget(`/proc/${azurite.pid}/fd/${name}`) ?? [])
      .filter((path) => path.includes("__blobstorage__")).length;
  const before = openFiles();

  const abort = new AbortController();
  const { readableStreamBody } = await blob.download(0, undefined, { abortSignal: abort.signal });
  readableStreamBody?.on("error", () => {});
  const during = openFiles();
  abort.abort();

  expect(during).toBe(before + 1);
  await expect.poll(openFiles).toBe(before);
});

test("an upload that is broken off leaves nothing behind", async ({ expect }) => {
  const data = temporaryFolder();
  const azurite = await start(data);
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient("input");
  await container.getBlockBlobClient("first").upload("first", 5);
  const url = await container.getBlobClient("broken").generateSasUrl({
    permissions: BlobSASPermissions.from({ create: true, write: true }),
    expiresOn: new Date(Date.now() + 600_000),
  });
  const files = join(data, "azurite", "__blobstorage__");
  const storedBytes = (): number => readdirSync(files).reduce((sum, name) => sum + statSync(join(files, name)).size, 0);

  const headers = { "x-ms-blob-type": "BlockBlob", "content-length": LARGE_BYTES };
  const broken = request(url, { method: "PUT", headers }).on("error", () => {});
  broken.write("begun");
  await expect.poll(storedBytes).toBe(10);
  broken.destroy();
  await expect.poll(storedBytes).toBe(5);

  await container.getBlockBlobClient("second").upload("second", 6);
  const blobs = await Promise.all(["first", "second"].map((name) => container.getBlobClient(name).downloadToBuffer()));
  expect(blobs.map(String)).toEqual(["first", "second"]);
  expect(await container.getBlobClient("broken").exists()).toBe(false);
});

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
