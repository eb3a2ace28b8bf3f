import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { connect, createServer as createFront } from "node:net";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { onTestFinished, test } from "vitest";
import { uploadFile } from "../../src/cli/convert/blobTransfer.ts";
import { BLOCK_BYTES } from "../../src/cli/convert/blockMemory.ts";
import { endingSilence } from "../../src/cli/convert/silentStorage.ts";
import { azuriteConnectionString } from "../../src/local/azurite/azurite.ts";
import { listen } from "../../src/local/kit/listen.ts";
import { workloadNamed } from "../../src/workloads/index.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const [ONE, OTHER] = [1, 2];

test("a request that was refused before all of it was sent gets no bytes of another file", async ({ expect }) => {
  const { port, readRefused } = await startRefusingOnce();
  const account = BlobServiceClient.fromConnectionString(azuriteConnectionString({ blob: port, queue: 1, table: 1 }));
  const storage = endingSilence(account, { maxTries: 2, retryDelayInMs: 1, maxRetryDelayInMs: 1 });
  for (const byte of [ONE, OTHER]) {
    const path = join(temporaryFolder(), "video.mp4");
    writeFileSync(path, Buffer.alloc(BLOCK_BYTES, byte));
    const source = {
      path,
      blobName: String(byte),
      sizeBytes: BLOCK_BYTES,
      resultPath: path,
      workload: workloadNamed("mp3"),
    };
    await uploadFile(storage, "input", source, { signal: new AbortController().signal, onPercent: () => {} });
  }

  const { ofOne, ofOther } = await readRefused(BLOCK_BYTES);

  expect(ofOne).toBeGreaterThan(0);
  expect(ofOther).toBe(0);
});

/** Storage whose front answers the first request at its beginning, and reads the rest of it only later. */
async function startRefusingOnce() {
  const storage = createServer((request, response) => {
    request.resume().on("end", () => response.writeHead(201, { etag: '"1"', "content-length": 0 }).end());
  });
  const storagePort = await listen(storage, { port: 0 });
  let refused: Socket | undefined;
  const parts: Buffer[] = [];
  const front = createFront((socket) => {
    socket.on("error", () => {});
    onTestFinished(() => void socket.destroy());
    if (refused !== undefined) {
      socket.pipe(connect(storagePort, "127.0.0.1")).pipe(socket);
      return;
    }
    refused = socket;
    socket.once("data", (part: Buffer) => {
      socket.pause();
      parts.push(part);
      socket.write("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    });
  });
  const port = await listen(front, { port: 0 });
  onTestFinished(() => {
    front.close();
    storage.close();
    storage.closeAllConnections();
  });
  /** Until there are so many bytes of files, or no more come. */
  const readRefused = async (bodyBytes: number): Promise<{ ofOne: number; ofOther: number }> => {
    const counts = { ofOne: 0, ofOther: 0 };
    const count = (part: Buffer): void => {
      for (const byte of part) {
        if (byte === ONE) counts.ofOne++;
        if (byte === OTHER) counts.ofOther++;
      }
    };
    for (const part of parts) count(part);
    for await (const part of refused ?? []) {
      count(part as Buffer);
      if (counts.ofOne + counts.ofOther >= bodyBytes) break;
    }
    return counts;
  };
  return { port, readRefused };
}
