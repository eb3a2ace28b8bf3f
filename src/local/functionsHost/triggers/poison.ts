import type { MessageEncoding } from "../hostJson.ts";
import { encodeMessage } from "../storage/messageEncoding.ts";
import type { BlobFunction, FoundBlob } from "./blobFunction.ts";

const POISON_QUEUE = "webjobs-blobtrigger-poison";

/** https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-blob-trigger#poison-blobs */
export async function putPoisonMessage(
  { fn, connection }: BlobFunction,
  blob: FoundBlob,
  encoding: MessageEncoding,
): Promise<void> {
  const queue = (await connection.queues()).getQueueClient(POISON_QUEUE);
  await queue.createIfNotExists();
  const message = JSON.stringify({
    Type: "BlobTrigger",
    FunctionId: functionId(fn.name),
    BlobType: "BlockBlob",
    ContainerName: blob.container,
    BlobName: blob.name,
    ETag: `"${blob.etag}"`,
  });
  await queue.sendMessage(encodeMessage(Buffer.from(message), encoding));
}

export function functionId(name: string): string {
  return `Host.Functions.${name}`;
}
