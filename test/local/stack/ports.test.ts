import { test } from "vitest";
import { findFreePort } from "../../../src/local/kit/listen.ts";
import { createDataFolder, dataFolderAt } from "../../../src/local/stack/dataFolder.ts";
import { choosePorts } from "../../../src/local/stack/ports.ts";
import { saveLastPorts } from "../../../src/local/stack/stackState.ts";
import { takenPort } from "../ports.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

const ANY = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };

function newDataFolder() {
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  return folder;
}

test("a taken port is refused with its number and the option that changes it", async ({ expect }) => {
  const port = await takenPort();

  await expect(choosePorts(newDataFolder(), { ...ANY, batch: port })).rejects.toMatchObject({
    code: "PortInUse",
    message: expect.stringContaining(String(port)),
    hint: expect.stringContaining("--batch-port"),
  });
});

test("a given port is kept", async ({ expect }) => {
  const port = await findFreePort({ port: 0 });

  expect(await choosePorts(newDataFolder(), { ...ANY, blob: port })).toEqual({ ...ANY, blob: port });
});

test("where any port will do, last time's is preferred", async ({ expect }) => {
  const folder = newDataFolder();
  const port = await findFreePort({ port: 0 });
  saveLastPorts(folder, { ...ANY, functions: port });

  expect(await choosePorts(folder, ANY)).toEqual({ ...ANY, functions: port });
});

test("last time's port is not insisted on if somebody else has taken it", async ({ expect }) => {
  const folder = newDataFolder();
  saveLastPorts(folder, { ...ANY, functions: await takenPort() });

  expect(await choosePorts(folder, ANY)).toEqual(ANY);
});
