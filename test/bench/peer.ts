import { readdirSync } from "node:fs";
import { join, parse } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BatchServiceModels } from "@azure/batch";
import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import type { ContainerClient } from "@azure/storage-blob";
import { BlobSASPermissions, BlobServiceClient, ContainerSASPermissions } from "@azure/storage-blob";

/** What the peer is given to work with. */
export interface PeerInput {
  readonly connectionString: string;
  readonly batch: { readonly endpoint: string; readonly accountName: string; readonly accountKey: string };
  /** It is there already. */
  readonly poolId: string;
  /** New for each run. */
  readonly jobId: string;
  readonly inputContainer: string;
  readonly outputContainer: string;
  /** The folder of the videos. */
  readonly videos: string;
  /** The folder for the results. */
  readonly out: string;
}

const LIST_EVERY_MS = 1_000;
const PATIENCE_MS = 30 * 60_000;
const ACCESS_MS = 2 * 3_600_000;
/** The most that Batch takes in one request. */
const COLLECTION = 100;

/**
 * What mp3drop is compared with: it does what the tutorial of Azure Batch with ffmpeg does, and nothing more. It uploads the
 * videos of a folder one after the other, adds one task for each, lists the tasks every second until all are completed, and
 * downloads what they have made, one after the other. https://learn.microsoft.com/azure/batch/tutorial-parallel-python
 */
export async function convertAsTutorial(given: PeerInput, listEveryMs = LIST_EVERY_MS): Promise<void> {
  const { endpoint, accountName, accountKey } = given.batch;
  const batch = new BatchServiceClient(new BatchSharedKeyCredentials(accountName, accountKey), endpoint);
  const storage = BlobServiceClient.fromConnectionString(given.connectionString);
  const input = storage.getContainerClient(given.inputContainer);
  const output = storage.getContainerClient(given.outputContainer);
  await Promise.all([input.createIfNotExists(), output.createIfNotExists()]);

  const names = readdirSync(given.videos).filter((name) => name.endsWith(".mp4"));
  const resourceFiles: BatchServiceModels.ResourceFile[] = [];
  for (const name of names) resourceFiles.push(await upload(input, join(given.videos, name), name));

  await batch.job.add({ id: given.jobId, poolInfo: { poolId: given.poolId } });
  await addTasks(batch, given.jobId, resourceFiles, await writeUrl(output));
  await waitForAll(batch, given.jobId, listEveryMs);

  for (const name of names.map(mp3NameOf)) await output.getBlobClient(name).downloadToFile(join(given.out, name));
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

async function waitForAll(batch: BatchServiceClient, jobId: string, listEveryMs: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await areAllCompleted(batch, jobId))) {
    if (Date.now() > deadline) throw new Error("The tasks did not end within half an hour");
    await delay(listEveryMs);
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
