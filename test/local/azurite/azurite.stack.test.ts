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
