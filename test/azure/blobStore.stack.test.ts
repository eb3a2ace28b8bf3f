import { beforeEach, test } from "vitest";
import { ConflictError } from "../../src/model/errors.ts";
import type { BlobAddress, BlobStore, CopySource } from "../../src/services.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const TEXT = { contentType: "text/plain" };

const azurite = useAzurite();
let blobs: BlobStore;
let source: BlobAddress;
let target: BlobAddress;

beforeEach(async () => {
  const { services } = await azuriteServices(azurite.connectionString);
  blobs = services.blobs;
  source = { container: services.config.containers.staging, name: "1/output.mp3" };
  target = { container: services.config.containers.output, name: "a.mp3" };
  await blobs.writeText(source, "judged", TEXT);
});

async function eTagOf(blob: BlobAddress): Promise<string> {
  return (await blobs.properties(blob))?.eTag ?? "";
}

async function textOf(blob: BlobAddress): Promise<string | undefined> {
  return (await blobs.readText(blob))?.text;
}

async function versionOf(blob: BlobAddress): Promise<CopySource> {
  return { ...blob, eTag: await eTagOf(blob), sizeBytes: 6 };
}

test("the version of the source that was named is copied", async ({ expect }) => {
  expect(await blobs.copy(await versionOf(source), target, {})).toBe("copied");
  expect(await textOf(target)).toBe("judged");
});

test("a source that has changed since is not copied, and the target stays as it was", async ({ expect }) => {
  const judged = await versionOf(source);
  await blobs.writeText(target, "older", TEXT);
  await blobs.writeText(source, "replaced", TEXT);

  expect(await blobs.copy(judged, target, {}, { eTag: await eTagOf(target) })).toBe("sourceChanged");
  expect(await textOf(target)).toBe("older");
});

test("a source that is gone counts as changed", async ({ expect }) => {
  const judged = await versionOf(source);
  await blobs.delete(source);

  expect(await blobs.copy(judged, target, {})).toBe("sourceChanged");
});

test("a target that has changed is a conflict, with the source as it should be", async ({ expect }) => {
  await blobs.writeText(target, "newer", TEXT);
  const judged = await versionOf(source);

  await expect(blobs.copy(judged, target, {}, { eTag: null })).rejects.toThrow(ConflictError);
  await expect(blobs.copy(judged, target, {}, { eTag: "0x1" })).rejects.toThrow(ConflictError);
  expect(await textOf(target)).toBe("newer");
});

test("setting the type of a blob makes a new version of it, and says which", async ({ expect }) => {
  const before = await eTagOf(source);

  const after = await blobs.setContentType(source, "audio/mpeg", { eTag: before });

  expect(after).not.toBe(before);
  expect(await blobs.properties(source)).toMatchObject({ eTag: after, contentType: "audio/mpeg" });
});

test("the type of a blob that has changed since is left alone", async ({ expect }) => {
  const before = await eTagOf(source);
  await blobs.writeText(source, "replaced", TEXT);

  await expect(blobs.setContentType(source, "audio/mpeg", { eTag: before })).rejects.toThrow(ConflictError);
  expect(await blobs.properties(source)).toMatchObject({ contentType: "text/plain" });
});

test("a container that cannot be listed is an error in words", async ({ expect }) => {
  const names = async (): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of blobs.list("no-such-container")) found.push(...page.blobs.map(({ name }) => name));
    return found;
  };

  await expect(names()).rejects.toThrow(/^Azure Storage could not list container no-such-container: 404: Container/);
});

test("a listing goes on from a page that an earlier one has named, with the names of a prefix only", async ({
  expect,
}) => {
  const { container } = target;
  for (const name of ["a/1", "a/2", "a/3", "b/1"]) await blobs.writeText({ container, name }, "", TEXT);
  const pagesFrom = async (from?: string): Promise<[string[], string | undefined][]> => {
    const pages: [string[], string | undefined][] = [];
    for await (const { blobs: found, next } of blobs.list(container, { prefix: "a/", pageSize: 2, from })) {
      pages.push([found.map(({ name }) => name), next]);
    }
    return pages;
  };

  const pages = await pagesFrom();

  expect(pages).toEqual([
    [["a/1", "a/2"], expect.any(String)],
    [["a/3"], undefined],
  ]);
  expect(await pagesFrom(pages[0]?.[1])).toEqual(pages.slice(1));
});
