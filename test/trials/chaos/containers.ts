import type { ContainerClient } from "@azure/storage-blob";
import { BlobServiceClient } from "@azure/storage-blob";
import type { StackConnection } from "../../../src/local/stack/stackState.ts";

/** A storage that was killed takes a while to come back where the processors are busy. */
const PATIENT = { maxTries: 20, retryDelayInMs: 500, maxRetryDelayInMs: 5_000 };

export function containerOf({ storage }: StackConnection, name: string): ContainerClient {
  const account = BlobServiceClient.fromConnectionString(storage.connectionString, { retryOptions: PATIENT });
  return account.getContainerClient(name);
}

/** The answer of the storage; undefined if the blob or its container is not there, as after a container was deleted. */
export async function unlessMissing<Result>(request: Promise<Result>): Promise<Result | undefined> {
  try {
    return await request;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
