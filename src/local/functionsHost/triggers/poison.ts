import type { BlobFunction, FoundBlob } from "./blobFunction.ts";
import { Queue } from "./queue.ts";
import { parseConnectionString } from "./connectionString.ts";

const POISON_QUEUE = "webjobs-blobtrigger-poison";

/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-trigger#poison-blobs */
export async function putPoisonMessage(
  { fn, connection, connectionString }: BlobFunction,
  blob: FoundBlob,
): Promise<void> {
  const queue = new Queue(parseConnectionString(connectionString, connection), POISON_QUEUE);
  await queue.create();
  await queue.put(
    JSON.stringify({
      Type: "BlobTrigger",
      FunctionId: functionId(fn.name),
      BlobType: "BlockBlob",
      ContainerName: blob.container,
      BlobName: blob.name,
      ETag: `"${blob.etag}"`,
    }),
  );
}

export function functionId(name: string): string {
  return `Host.Functions.${name}`;
}
