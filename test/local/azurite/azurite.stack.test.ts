import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { onTestFinished, test } from "vitest";
import { azuriteConnectionString, startAzurite } from "../../../src/local/azurite/azurite.ts";
import { createContainers } from "../../../src/local/azurite/containers.ts";
import type { AzuritePorts } from "../../../src/local/azurite/readyLines.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

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
  return { ready: azurite.ready, stop: () => azurite.stop(), kill: () => process.kill(pids.at(-1) ?? 0, "SIGKILL") };
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

test("what was uploaded a second before Azurite is killed is still there", async ({ expect }) => {
  const data = temporaryFolder();
  const azurite = await start(data);
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);
  const blob = BlobServiceClient.fromConnectionString(connectionString, {
    retryOptions: { maxTries: 6, retryDelayInMs: 300 },
  })
    .getContainerClient("input")
    .getBlockBlobClient("video.mp4");
  await blob.upload("video", 5);
  const saved = join(data, "azurite", "__azurite_db_blob__.json");
  const extents = join(data, "azurite", "__azurite_db_blob_extent__.json");
  const isSaved = (): boolean =>
    readFileSync(saved, "utf8").includes("video.mp4") && readFileSync(extents, "utf8").includes('"data":[{');
  await expect.poll(isSaved, { timeout: 1_500 }).toBe(true);

  azurite.kill();

  expect((await blob.downloadToBuffer()).toString()).toBe("video");
});

test("existing containers are left as they are", async ({ expect }) => {
  const azurite = await start(temporaryFolder());
  const connectionString = azuriteConnectionString(azurite.ready);
  await createContainers(connectionString, ["input"]);

  await expect(createContainers(connectionString, ["input", "output"])).resolves.toBeUndefined();
});
