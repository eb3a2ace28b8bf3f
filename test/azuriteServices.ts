import { randomUUID } from "node:crypto";
import { BlobServiceClient } from "@azure/storage-blob";
import { beforeAll, inject } from "vitest";
import type { TaskRef } from "../src/model/batchTask.ts";
import { readConfig } from "../src/config.ts";
import { createServices } from "../src/azure/azureServices.ts";
import type { BatchService, Services } from "../src/services.ts";
import { startTemporaryAzurite } from "./temporaryAzurite.ts";

export interface AzuriteServices {
  readonly services: Services;
  readonly account: BlobServiceClient;
  readonly terminated: TaskRef[];
  /** What Batch has. */
  readonly tasks: TaskRef[];
}

/** Real storage, which other files use at the same time: names of containers and queues must be a file's own. */
export function useAzurite(): { readonly connectionString: string } {
  return { connectionString: inject("sharedAzurite") };
}

/** Gives the tests of a file real storage of their own. To be called at the top of the file. */
export function useOwnAzurite(): { readonly connectionString: string; readonly blobNewsFile: string } {
  const storage = { connectionString: "", blobNewsFile: "" };
  beforeAll(async () => {
    const azurite = await startTemporaryAzurite();
    storage.connectionString = azurite.connectionString;
    storage.blobNewsFile = azurite.blobNewsFile;
    return () => azurite.stop();
  });
  return storage;
}

/**
 * Services over real storage, with containers of their own, for tests that do without Batch: it can only end and delete
 * tasks.
 */
export async function azuriteServices(connectionString: string): Promise<AzuriteServices> {
  const suffix = `-${randomUUID()}`;
  const config = readConfig({
    STORAGE: connectionString,
    BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1",
    INPUT_CONTAINER: `input${suffix}`,
    OUTPUT_CONTAINER: `output${suffix}`,
    STAGING_CONTAINER: `work${suffix}`,
    APPLICATION_CONTAINER: `application${suffix}`,
  });
  const created = createServices(config);
  const terminated: TaskRef[] = [];
  const tasks: TaskRef[] = [];
  const batch: BatchService = {
    ...created.batch,
    findJob: async () => ({ poolId: config.batch.poolId, jobId: config.batch.jobId }),
    findTasks: async (idPrefix) => tasks.filter(({ taskId }) => taskId.startsWith(idPrefix)),
    terminateTask: async (task) => void terminated.push(task),
    deleteTask: async () => {},
    async *listOldTasks() {},
    deleteOldJobs: async () => {},
  };
  const services = { ...created, batch, now: () => new Date("2026-01-01T12:30:00.000Z") };
  await services.layout.ensure();
  return { services, account: BlobServiceClient.fromConnectionString(connectionString), terminated, tasks };
}
