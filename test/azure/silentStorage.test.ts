import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { onTestFinished, test } from "vitest";
import { createBlobStore } from "../../src/azure/blobStore.ts";
import { connectStorage } from "../../src/azure/storageClient.ts";
import { createUrlSigner } from "../../src/azure/urlSigner.ts";
import { StorageError } from "../../src/model/errors.ts";
import type { BlobStore } from "../../src/services.ts";

const BLOB = { container: "input", name: "a.mp4" };
const TIMEOUT_MS = 500;

/** A storage service that accepts every connection, says the given words, and then nothing more. */
async function storageThatSays(words: string): Promise<{ blobs: BlobStore; connections: () => number }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}));
    socket.once("data", () => socket.write(words));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:${port}/account;`;
  const settings = { connectionString, blobServiceUri: undefined, queueServiceUri: undefined, clientId: undefined };
  const account = connectStorage(settings, { timeoutMs: TIMEOUT_MS });
  return { blobs: createBlobStore(account, createUrlSigner(account)), connections: () => sockets.length };
}

const HEADERS = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\netag: "0x1"\r\ncontent-length: 100\r\n\r\n';

test.for<[string, (blobs: BlobStore) => Promise<unknown>]>([
  ["look at input/a.mp4", (blobs) => blobs.properties(BLOB)],
  ["read input/a.mp4", (blobs) => blobs.readText(BLOB)],
  ["write input/a.mp4", (blobs) => blobs.writeText(BLOB, "text", { contentType: "text/plain" })],
  ["list container input", (blobs) => blobs.list("input")[Symbol.asyncIterator]().next()],
])(
  "a storage that accepts and never answers is an error in words: it could not %s",
  async ([what, ask], { expect }) => {
    const { blobs } = await storageThatSays("");

    const error = await ask(blobs).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ code: "ETIMEDOUT", statusCode: undefined, failureCode: "InternalError" });
    expect(String(error)).toContain(`Azure Storage could not ${what}: it gave no complete answer in time`);
  },
);

test("a storage that breaks off in the middle of a blob is the same error, and is not asked again", async ({
  expect,
}) => {
  const { blobs, connections } = await storageThatSays(`${HEADERS}half of it`);

  const error = await blobs.readText(BLOB).catch((thrown: unknown) => thrown);

  expect(String(error)).toContain("Azure Storage could not read input/a.mp4: it gave no complete answer in time");
  expect(connections()).toBe(1);
});

test("a storage that breaks off in the middle of a listing is the same error", async ({ expect }) => {
  const { blobs } = await storageThatSays(`${HEADERS}<?xml version="1.0"?><EnumerationResults>`);

  const error = await blobs
    .list("input")
    [Symbol.asyncIterator]()
    .next()
    .catch((thrown: unknown) => thrown);

  expect(String(error)).toContain("Azure Storage could not list container input: it gave no complete answer in time");
});
