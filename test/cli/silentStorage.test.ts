import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { BlobServiceClient } from "@azure/storage-blob";
import { onTestFinished, test } from "vitest";
import { endingSilence } from "../../src/cli/convert/silentStorage.ts";
import { azuriteConnectionString } from "../../src/local/azurite/azurite.ts";
import { listen } from "../../src/local/kit/listen.ts";

const SILENCE_MS = 500;
const NEVER_MS = 10_000_000;

async function storageThat(answers: RequestListener, silenceMs = SILENCE_MS): Promise<BlobServiceClient> {
  const server = createServer(answers);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const connectionString = azuriteConnectionString({ blob: await listen(server, { port: 0 }), queue: 1, table: 1 });
  return endingSilence(BlobServiceClient.fromConnectionString(connectionString), { maxTries: 2 }, silenceMs);
}

test("a request that is accepted and never answered fails in the end", async ({ expect }) => {
  const storage = await storageThat(() => {});
  const blob = storage.getContainerClient("output").getBlockBlobClient("a");

  await expect(blob.getProperties()).rejects.toThrow("the storage gave no complete answer in time");
  await expect(blob.upload("hello", 5)).rejects.toThrow("the storage gave no complete answer in time");
});

test("a download whose bytes stop coming fails in the end", async ({ expect }) => {
  const storage = await storageThat((_request, response) => {
    response.writeHead(200, { "content-length": 100, etag: '"1"' }).write("the first bytes");
  });

  await expect(storage.getContainerClient("output").getBlobClient("a").downloadToBuffer(0, 100)).rejects.toThrow();
});

test("whoever gives a request up need not wait for the storage", async ({ expect }) => {
  const abort = new AbortController();
  const storage = await storageThat(() => abort.abort(), NEVER_MS);
  const blob = storage.getContainerClient("output").getBlobClient("a");

  await expect(blob.getProperties({ abortSignal: abort.signal })).rejects.toMatchObject({ name: "AbortError" });
});
