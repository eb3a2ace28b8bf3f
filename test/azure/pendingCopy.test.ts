import { BlobServiceClient } from "@azure/storage-blob";
import { test } from "vitest";
import { createBlobStore } from "../../src/azure/blobStore.ts";
import { createUrlSigner } from "../../src/azure/urlSigner.ts";
import { ConflictError } from "../../src/model/errors.ts";
import type { BlobStore } from "../../src/services.ts";
import type { CopyTarget, SlowCopies } from "./slowCopies.ts";
import { startSlowCopies } from "./slowCopies.ts";

const MP3 = { container: "output", name: "a.mp3" };

/** A storage account with one MP3, which is still being copied. */
async function start(): Promise<{ blobs: BlobStore; storage: SlowCopies; mp3: CopyTarget }> {
  const storage = await startSlowCopies();
  const mp3: CopyTarget = { eTag: "0x1", copyId: "copy-1", copyStatus: "pending" };
  storage.blobs.set("output/a.mp3", mp3);
  const account = BlobServiceClient.fromConnectionString(storage.connectionString);
  return { blobs: createBlobStore(account, createUrlSigner(account)), storage, mp3 };
}

test("a blob that is still being copied is deleted by aborting its copy", async ({ expect }) => {
  const { blobs, storage } = await start();

  await blobs.delete(MP3);

  expect(storage.blobs.size).toBe(0);
  expect(storage.changes).toEqual(["DELETE output/a.mp3", "PUT output/a.mp3 copy-1", "DELETE output/a.mp3"]);
});

test("so it is under a condition, although the abort makes another version of it", async ({ expect }) => {
  const { blobs, storage } = await start();

  await blobs.delete(MP3, { eTag: "0x1" });

  expect(storage.blobs.size).toBe(0);
});

test("a copy that ends just before the abort is deleted all the same", async ({ expect }) => {
  const { blobs, storage, mp3 } = await start();
  storage.beforeAbort = () => Object.assign(mp3, { copyStatus: "success", eTag: "0x2" });

  await blobs.delete(MP3, { eTag: "0x1" });

  expect(storage.blobs.size).toBe(0);
});

test("somebody else's copy that took its place is not touched", async ({ expect }) => {
  const { blobs, storage, mp3 } = await start();
  storage.beforeAbort = () => Object.assign(mp3, { copyId: "copy-2", copyStatus: "pending", eTag: "0x2" });

  await expect(blobs.delete(MP3, { eTag: "0x1" })).rejects.toThrow(ConflictError);
  expect(mp3).toMatchObject({ copyId: "copy-2", copyStatus: "pending" });
});

test("a pending copy of another version than the condition names is not aborted", async ({ expect }) => {
  const { blobs, mp3 } = await start();

  await expect(blobs.delete(MP3, { eTag: "0x0" })).rejects.toThrow(ConflictError);
  expect(mp3.copyStatus).toBe("pending");
});

test("a blob that is deleted by somebody else during the abort counts as deleted", async ({ expect }) => {
  const { blobs, storage } = await start();
  storage.beforeAbort = () => storage.blobs.clear();

  await blobs.delete(MP3, { eTag: "0x1" });

  expect(storage.blobs.size).toBe(0);
});

test("a blob whose copy is over is deleted at once", async ({ expect }) => {
  const { blobs, storage, mp3 } = await start();
  mp3.copyStatus = "success";

  await blobs.delete(MP3, { eTag: "0x1" });

  expect(storage.changes).toEqual(["DELETE output/a.mp3"]);
});
