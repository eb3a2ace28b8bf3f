import type { Config } from "../config.ts";
import { readConfig } from "../config.ts";
import { createMetrics } from "../metrics.ts";
import type { Services } from "../services.ts";
import { createWebhook } from "../webhook/messenger.ts";
import { connectBatch } from "./batch/client.ts";
import { createNodeService } from "./batch/nodes.ts";
import { createBatchService } from "./batch/service.ts";
import { createBlobStore } from "./blobStore.ts";
import { createCompanionFinder } from "./companions.ts";
import { createQueueMessenger } from "./queueMessenger.ts";
import { createStorageLayout } from "./layout.ts";
import { connectStorage } from "./storageClient.ts";
import { createUrlSigner } from "./urlSigner.ts";

let shared: Services | undefined;

/** The services named by the settings of this process, created at the first call. */
export function services(): Services {
  return (shared ??= createServices(readConfig(process.env)));
}

export function createServices(config: Config): Services {
  const account = connectStorage(config.storage);
  const blobs = createBlobStore(account, createUrlSigner(account));
  const batchClient = connectBatch(config.batch);
  const now = (): Date => new Date();
  const nodeNeeds = config.workloads.flatMap((workload) => workload.nodeNeeds ?? []);
  return {
    config,
    batch: createBatchService(batchClient, config.batch, nodeNeeds),
    nodes: createNodeService(batchClient, config.batch.poolId),
    blobs,
    layout: createStorageLayout(blobs, config.containers),
    companions: createCompanionFinder(blobs, now),
    metrics: createMetrics(),
    messengers: createMessengers(config),
    now,
  };
}

function createMessengers({ storage, notify: { queue, webhook } }: Config): Services["messengers"] {
  return {
    ...(queue !== undefined && { queue: createQueueMessenger(storage, queue) }),
    ...(webhook !== undefined && { webhook: createWebhook(webhook) }),
  };
}
