import { beforeEach, test } from "vitest";
import type { ReadTaskInput } from "../../src/activities/readTask.ts";
import { readTask } from "../../src/activities/readTask.ts";
import type { CompletedTask } from "../../src/model/batchTask.ts";
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

function ofTask(of: BlobVersion): ReadTaskInput {
  return {
    conversionId: "0123456789abcdef0123456789abcdef",
    workload: "mp3",
    source: of,
    attempt: 1,
    startedAt: "2026-01-01T12:00:00.000Z",
    submission: {
      task,
      submittedAt: "2026-01-01T12:00:01.000Z",
      waitingSeconds: 60,
      convertingSeconds: 60,
      accessUntil: null,
    },
  };
}

const completed: CompletedTask = {
  state: "completed",
  succeeded: false,
  exitCode: 1,
  failure: { code: "FailureExitCode", message: "m" },
  startedAt: "2026-01-01T12:00:02.000Z",
  endedAt: "2026-01-01T12:00:03.000Z",
  nodeId: "node-1",
};

test("a completed task is judged at once, or as long as that cannot be, only told of", async ({ expect }) => {
  const batch = { ...services.batch, readTask: async () => completed };
  const isAway = async (): Promise<never> => Promise.reject(new Error("Azure Storage is away"));

  expect(await readTask({ ...services, batch }, ofTask(source))).toMatchObject({
    state: "completed",
    completed,
    published: { status: "rejected", failure: { code: "ScriptFailed" } },
  });
  const blobs = { ...services.blobs, readText: isAway };
  expect(await readTask({ ...services, batch, blobs }, ofTask(source))).toEqual({ state: "completed", completed });
});

test("while Batch does not answer, and the input is as it was, there is nothing to tell", async ({ expect }) => {
  await expect(readTask(services, ofTask(source))).rejects.toBe(away);
});

test("that the input was deleted is noticed although Batch does not answer", async ({ expect }) => {
  await services.blobs.delete(source);

  expect(await readTask(services, ofTask(source))).toEqual({ state: "inputDeleted" });
});

test("that the input was replaced is noticed although Batch does not answer", async ({ expect }) => {
  await upload();

  expect(await readTask(services, ofTask(source))).toEqual({ state: "superseded" });
});
