import type { RpcTypedData } from "../worker/rpc.ts";

/**
 * What a function with an SDK binding gets instead of the bytes of a blob.
 * https://github.com/Azure/azure-sdk-for-net/blob/main/sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Blobs
 */
export function blobReference(connection: string, container: string, name: string): RpcTypedData {
  const content = JSON.stringify({ Connection: connection, ContainerName: container, BlobName: name });
  return {
    modelBindingData: {
      version: "1.0",
      source: "AzureStorageBlobs",
      contentType: "application/json",
      content: Buffer.from(content),
    },
  };
}
