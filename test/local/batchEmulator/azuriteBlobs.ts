import { ContainerClient, ContainerSASPermissions, StorageSharedKeyCredential } from "@azure/storage-blob";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { beforeAll } from "vitest";

const ACCOUNT = "devstoreaccount1";
/** Public: https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key */
const KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/** Gives the tests of a file a blob service, and each call a container of its own. To be called at the top of the file. */
export function useAzuriteBlobs(): (name: string) => Promise<TestContainer> {
  let account = "";
  let containers = 0;
  beforeAll(async () => {
    const { url, stop } = await startAzuriteBlobs();
    account = `${url}/${ACCOUNT}`;
    return stop;
  });
  return (name) => createContainer(`${account}/${name}-${++containers}`);
}

async function startAzuriteBlobs(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const script = "node_modules/azurite/dist/src/blob/main.js";
  const args = [script, "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const stop = (): void => void child.kill();
  for await (const line of createInterface(child.stdout)) {
    const url = /successfully listens on (\S+)/.exec(line)?.[1];
    if (url !== undefined) return { url, stop };
  }
  throw new Error("Azurite ended before it listened");
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
