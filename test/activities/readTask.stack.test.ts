import { beforeEach, test } from "vitest";
import { readTask } from "../../src/activities/readTask.ts";
import type { BlobVersion } from "../../src/model/conversion.ts";
import { BatchError } from "../../src/model/errors.ts";
import type { Services } from "../../src/services.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const task = { poolId: "pool", jobId: "job", taskId: "0123456789abcdef0123456789abcdef-1" };
const away = new BatchError("Azure Batch could not read task x: connect ECONNREFUSED", {
  code: undefined,
  statusCode: undefined,
});

const azurite = useAzurite();
let services: Services;
let source: BlobVersion;

/** Real storage, and a Batch that does not answer. */
beforeEach(async () => {
  const storage = await azuriteServices(azurite.connectionString);
  services = { ...storage.services, batch: { ...storage.services.batch, readTask: () => Promise.reject(away) } };
  source = await upload();
});

async function upload(): Promise<BlobVersion> {
  const address = { container: services.config.containers.input, name: "a.mp4" };
  await services.blobs.writeText(address, "video", { contentType: "video/mp4" });
  return { ...address, eTag: (await services.blobs.properties(address))?.eTag ?? "" };
}

test("while Batch does not answer, and the input is as it was, there is nothing to tell", async ({ expect }) => {
  await expect(readTask(services, { task, source })).rejects.toBe(away);
});

test("that the input was deleted is noticed although Batch does not answer", async ({ expect }) => {
  await services.blobs.delete(source);

  expect(await readTask(services, { task, source })).toEqual({ state: "inputDeleted" });
});

test("that the input was replaced is noticed although Batch does not answer", async ({ expect }) => {
  await upload();

  expect(await readTask(services, { task, source })).toEqual({ state: "superseded" });
});
