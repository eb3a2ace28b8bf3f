import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { onTestFinished, test } from "vitest";
import { azuriteConnectionString, startAzurite } from "../../../src/local/azurite/azurite.ts";
import { createContainers } from "../../../src/local/azurite/containers.ts";
import type { AzuritePorts } from "../../../src/local/azurite/readyLines.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

async function start(data: string, ports: AzuritePorts = { blob: 0, queue: 0, table: 0 }) {
  const azurite = await startAzurite({
    folder: join(data, "azurite"),
    logFile: join(data, "azurite.log"),
    ports,
    env: process.env,
  });
  onTestFinished(() => azurite.stop());
  return { ready: azurite.ready, stop: () => azurite.stop() };
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
