import { ContainerClient, ContainerSASPermissions, StorageSharedKeyCredential } from "@azure/storage-blob";
import { randomUUID } from "node:crypto";
import { inject } from "vitest";

const ACCOUNT = "devstoreaccount1";
/** Public: https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key */
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** Each call of what it returns gives a container of its own. */
export function useAzuriteBlobs(): (name: string) => Promise<TestContainer> {
  const url = /BlobEndpoint=([^;]+)/.exec(inject("sharedAzurite"))?.[1] ?? "";
  return (name) => createContainer(`${url}/${name}-${randomUUID()}`);
}

interface TestContainer {
  readonly client: ContainerClient;
  /** Of the account that the container is in. */
  readonly connectionString: string;
  /** Permissions as letters, `rl` to read and list. */
  sas(permissions: string): Promise<string>;
}

async function createContainer(url: string): Promise<TestContainer> {
  const client = new ContainerClient(url, new StorageSharedKeyCredential(ACCOUNT, KEY));
  await client.create();
  return {
    client,
    connectionString: [
      "DefaultEndpointsProtocol=http",
      `AccountName=${ACCOUNT}`,
      `AccountKey=${KEY}`,
      `BlobEndpoint=${url.slice(0, url.lastIndexOf("/"))}`,
    ].join(";"),
    sas: (permissions) =>
      client.generateSasUrl({
        permissions: ContainerSASPermissions.parse(permissions),
        expiresOn: new Date(Date.now() + 3_600_000),
      }),
  };
}

/** The address of one blob, signed as its container is. */
export function blobIn(containerUrl: string, name: string): string {
  const url = new URL(containerUrl);
  url.pathname += `/${name.split("/").map(encodeURIComponent).join("/")}`;
  return url.href;
}

export async function namesIn(client: ContainerClient): Promise<string[]> {
  const names: string[] = [];
  for await (const blob of client.listBlobsFlat()) names.push(blob.name);
  return names;
}
