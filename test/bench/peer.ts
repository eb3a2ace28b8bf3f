import { mkdirSync, readdirSync } from "node:fs";
import { join, parse } from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import type { BatchServiceModels } from "@azure/batch";
import type { ContainerClient } from "@azure/storage-blob";
import { BlobSASPermissions, BlobServiceClient, ContainerSASPermissions } from "@azure/storage-blob";
import { PEER_INPUT } from "./peerInput.ts";
import type { PeerInput } from "./peerInput.ts";

/**
 * What mp3drop is compared with: a program that does what the tutorial of Azure Batch with ffmpeg does, and nothing more. It
 * uploads all videos of a folder, adds one task for each, lists the tasks every second until all are completed, and downloads
 * what they have made. https://learn.microsoft.com/azure/batch/tutorial-parallel-python
 */
const LIST_EVERY_MS = 1_000;
const PATIENCE_MS = 30 * 60_000;
const ACCESS_MS = 2 * 3_600_000;
/** The most that Batch takes in one request. */
const COLLECTION = 100;

await main(JSON.parse(process.env[PEER_INPUT] ?? "") as PeerInput);

async function main(given: PeerInput): Promise<void> {
  const { endpoint, accountName, accountKey } = given.batch;
  const batch = new BatchServiceClient(new BatchSharedKeyCredentials(accountName, accountKey), endpoint);
  const storage = BlobServiceClient.fromConnectionString(given.connectionString);
  const input = storage.getContainerClient(given.inputContainer);
  const output = storage.getContainerClient(given.outputContainer);
  await Promise.all([input.createIfNotExists(), output.createIfNotExists()]);

  const names = readdirSync(given.videos).filter((name) => name.endsWith(".mp4"));
  const resourceFiles = await Promise.all(names.map((name) => upload(input, join(given.videos, name), name)));

  await batch.job.add({ id: given.jobId, poolInfo: { poolId: given.poolId } });
  await addTasks(batch, given.jobId, resourceFiles, await writeUrl(output));
  await waitForAll(batch, given.jobId);

  mkdirSync(given.out, { recursive: true });
  await Promise.all(
    names.map((name) => output.getBlobClient(mp3NameOf(name)).downloadToFile(join(given.out, mp3NameOf(name)))),
  );
}

async function upload(
  container: ContainerClient,
  path: string,
  name: string,
): Promise<BatchServiceModels.ResourceFile> {
  const blob = container.getBlockBlobClient(name);
  await blob.uploadFile(path);
  const permissions = BlobSASPermissions.parse("r");
  return { httpUrl: await blob.generateSasUrl({ permissions, expiresOn: accessEnd() }), filePath: name };
}

function writeUrl(container: ContainerClient): Promise<string> {
  return container.generateSasUrl({ permissions: ContainerSASPermissions.parse("cw"), expiresOn: accessEnd() });
}

function accessEnd(): Date {
  return new Date(Date.now() + ACCESS_MS);
}

async function addTasks(
  batch: BatchServiceClient,
  jobId: string,
  resourceFiles: readonly BatchServiceModels.ResourceFile[],
  containerUrl: string,
): Promise<void> {
  const tasks = resourceFiles.map((file, index): BatchServiceModels.TaskAddParameter => {
    const name = file.filePath ?? "";
    const mp3 = mp3NameOf(name);
    return {
      id: `Task${index}`,
      commandLine: `/bin/bash -c "ffmpeg -i ${name} ${mp3}"`,
      resourceFiles: [file],
      outputFiles: [
        {
          filePattern: mp3,
          destination: { container: { containerUrl, path: mp3 } },
          uploadOptions: { uploadCondition: "tasksuccess" },
        },
      ],
    };
  });
  for (let first = 0; first < tasks.length; first += COLLECTION) {
    await batch.task.addCollection(jobId, tasks.slice(first, first + COLLECTION));
  }
}

async function waitForAll(batch: BatchServiceClient, jobId: string): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await areAllCompleted(batch, jobId))) {
    if (Date.now() > deadline) throw new Error("The tasks did not end within half an hour");
    await delay(LIST_EVERY_MS);
  }
}

async function areAllCompleted(batch: BatchServiceClient, jobId: string): Promise<boolean> {
  let page = await batch.task.list(jobId);
  for (;;) {
    if (page.some(({ state }) => state !== "completed")) return false;
    if (!page.odatanextLink) return true;
    page = await batch.task.listNext(page.odatanextLink);
  }
}

function mp3NameOf(name: string): string {
  return `${parse(name).name}.mp3`;
}
