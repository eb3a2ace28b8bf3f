import { createServer } from "node:http";
import type { RequestListener } from "node:http";
import { BlobServiceClient } from "@azure/storage-blob";
import { describe, onTestFinished, test } from "vitest";
import { azuriteConnectionString } from "../../../../src/local/azurite/azurite.ts";
import { openConnection } from "../../../../src/local/functionsHost/storage/connections.ts";
import { readBlobInput } from "../../../../src/local/functionsHost/triggers/blobFunction.ts";
import type { BlobFunction } from "../../../../src/local/functionsHost/triggers/blobFunction.ts";
import { parseBlobPath } from "../../../../src/local/functionsHost/triggers/blobPath.ts";
import { BlobPolling, pauseAfterListing } from "../../../../src/local/functionsHost/triggers/blobPolling.ts";
import { BlobReceipts } from "../../../../src/local/functionsHost/triggers/blobReceipts.ts";
import { systemClock } from "../../../../src/local/kit/clock.ts";
import { listen } from "../../../../src/local/kit/listen.ts";

const SILENCE_MS = 50;
const LISTING = `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="http://x/" ContainerName="input">
<Blobs><Blob><Name>a.mp4</Name><Properties><Etag>1</Etag></Properties></Blob></Blobs><NextMarker /></EnumerationResults>`;

/** A function that is triggered by the blobs of a storage. */
async function functionOn(storage: RequestListener): Promise<BlobFunction> {
  const server = createServer(storage);
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const connectionString = azuriteConnectionString({ blob: await listen(server, { port: 0 }), queue: 1, table: 1 });
  const fn = { name: "onUpload" } as BlobFunction["fn"];
  return {
    fn,
    pattern: parseBlobPath("input/{name}", fn.name),
    source: "LogsAndContainerScan",
    connection: openConnection({ connection: "STORAGE" }, { STORAGE: connectionString }, "Function onUpload"),
    service: BlobServiceClient.fromConnectionString(connectionString, { retryOptions: { maxTries: 1 } }),
    isDeferred: true,
  };
}

test("polling goes on after a listing that the storage accepted and never answered", async ({ expect }) => {
  let listings = 0;
  const target = await functionOn((_request, response) => {
    if (++listings > 1) response.writeHead(200, { "content-type": "application/xml" }).end(LISTING);
  });
  const offered = new Promise<string>((resolve) => {
    const polling = new BlobPolling({
      target,
      delivery: { offer: (_target, { name }) => resolve(name), forget: () => {} },
      receipts: new BlobReceipts(),
      clock: systemClock(),
      intervalMs: 1,
      isTold: () => false,
      silenceMs: SILENCE_MS,
      log: { write: () => {} },
    });
    polling.start();
    onTestFinished(() => polling.stop());
  });

  expect(await offered).toBe("a.mp4");
});

test("a blob whose properties never come is an error", async ({ expect }) => {
  const target = await functionOn(() => {});

  const reading = readBlobInput(target, { container: "input", name: "a.mp4", etag: "1" }, { silenceMs: SILENCE_MS });

  await expect(reading).rejects.toThrow("aborted");
});

describe("the pause after a listing", () => {
  test("is what is left of the interval", ({ expect }) => {
    expect(pauseAfterListing(10, 500, false)).toBe(490);
  });

  test("is nine tenths of the time or more", ({ expect }) => {
    expect(pauseAfterListing(1_000, 500, false)).toBe(10_000);
  });

  test.for([
    { spentMs: 4, pauseMs: 1_996 },
    { spentMs: 15, pauseMs: 5_985 },
    { spentMs: 500, pauseMs: 9_500 },
    { spentMs: 2_000, pauseMs: 20_000 },
  ])("of $spentMs ms is $pauseMs ms where storage tells of new blobs", ({ spentMs, pauseMs }, { expect }) => {
    expect(pauseAfterListing(spentMs, 500, true)).toBe(pauseMs);
  });

  test("is never shorter than the interval asks for because storage tells of new blobs", ({ expect }) => {
    expect(pauseAfterListing(5, 60_000, true)).toBe(59_995);
  });
});
