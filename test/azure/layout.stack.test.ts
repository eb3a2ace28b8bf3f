import { beforeEach, test } from "vitest";
import type { BlobAddress, Services } from "../../src/services.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { readTaskScript } from "../../src/workloads/taskFiles.ts";
import type { AzuriteServices } from "../azuriteServices.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const { text, blobName } = readTaskScript(mp3);
const SHELL = { contentType: "application/x-sh" };

const azurite = useAzurite();
let storage: AzuriteServices;
let services: Services;
let script: BlobAddress;

beforeEach(async () => {
  storage = await azuriteServices(azurite.connectionString);
  services = storage.services;
  script = { container: services.config.containers.application, name: blobName };
});

test("the script of a workload is where the layout says, word for word", async ({ expect }) => {
  const scriptOf = await services.layout.ensure();

  expect(scriptOf(mp3)).toEqual(script);
  expect((await services.blobs.readText(script))?.text).toBe(text);
});

test("a script that is as it should be is not written again", async ({ expect }) => {
  const before = await services.blobs.properties(script);

  await services.layout.ensure({ isFresh: true });

  expect(await services.blobs.properties(script)).toEqual(before);
});

test.for([
  ["another text", "#!/bin/bash\nid\n"],
  ["another text of the same length", text.replace("bash", "evil")],
  ["nothing", ""],
])("a script that somebody has replaced by %s is put right", async ([, foreign], { expect }) => {
  await services.blobs.writeText(script, foreign ?? "", SHELL);

  await services.layout.ensure({ isFresh: true });

  expect((await services.blobs.readText(script))?.text).toBe(text);
});

test("a script in the place of which somebody has put another kind of blob is put right", async ({ expect }) => {
  const container = storage.account.getContainerClient(script.container);
  await container.deleteBlob(script.name);
  await container.getAppendBlobClient(script.name).create();

  await services.layout.ensure({ isFresh: true });

  expect((await services.blobs.readText(script))?.text).toBe(text);
});

test("containers that somebody has deleted are made again", async ({ expect }) => {
  await storage.account.deleteContainer(script.container);

  await services.layout.ensure({ isFresh: true });

  expect((await services.blobs.readText(script))?.text).toBe(text);
});
