import type { BlobServiceClient } from "@azure/storage-blob";
import type { QueueServiceClient } from "@azure/storage-queue";
import { UserError } from "../../kit/userError.ts";
import type { AppSettings } from "../settingReferences.ts";
import { readConnectionString, resolveSettings } from "../settingReferences.ts";

const RETRIES = { retryOptions: { maxTries: 2, retryDelayInMs: 100, maxRetryDelayInMs: 100 } };
const DEFAULT_CONNECTION = "AzureWebJobsStorage";

/** The storage account that a binding names, with clients that are loaded only where they are needed. */
export interface StorageConnection {
  /** The name of the setting, not its value. */
  readonly name: string;
  readonly blobs: () => Promise<BlobServiceClient>;
  readonly queues: () => Promise<QueueServiceClient>;
}

/** `where` is for messages. Throws a `UserError` if there is no connection string, which is a secret. */
export function openConnection(
  binding: Readonly<Record<string, unknown>>,
  settings: AppSettings,
  where: string,
): StorageConnection {
  const connection = binding["connection"];
  const name = resolveSettings(typeof connection === "string" ? connection : DEFAULT_CONNECTION, settings, where);
  const text = readConnectionString(name, settings, where);
  return {
    name,
    blobs: async () => {
      const { BlobServiceClient } = await import("@azure/storage-blob");
      return understood(name, () => BlobServiceClient.fromConnectionString(text, RETRIES));
    },
    queues: async () => {
      const { QueueServiceClient } = await import("@azure/storage-queue");
      return understood(name, () => QueueServiceClient.fromConnectionString(text, RETRIES));
    },
  };
}

/** What the client library says of a connection string may quote it. */
function understood<T>(settingName: string, open: () => T): T {
  try {
    return open();
  } catch {
    throw new UserError("BadConnection", `The connection string in ${settingName} cannot be read`, {
      hint: "Copy the whole connection string of the storage account.",
    });
  }
}
