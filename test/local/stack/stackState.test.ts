import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { createDataFolder, dataFolderAt, lockDataFolder } from "../../../src/local/stack/dataFolder.ts";
import { enterAsGuest, guestsOf } from "../../../src/local/stack/guests.ts";
import { announceStack, findAnnouncedStack } from "../../../src/local/stack/stackState.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function newDataFolder() {
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  return folder;
}

function connectionTo(data: string) {
  return {
    storage: { connectionString: "UseDevelopmentStorage=true" },
    batch: { endpoint: "http://127.0.0.1:1", accountName: "a", accountKey: "k" },
    functions: { url: "http://127.0.0.1:2" },
    data,
  };
}

test("an announced stack is found until it hides", ({ expect }) => {
  const folder = newDataFolder();
  lockDataFolder(folder);
  const connection = connectionTo(folder.path);

  const hide = announceStack(folder, connection);

  expect(findAnnouncedStack(folder)).toEqual(connection);
  hide();
  expect(findAnnouncedStack(folder)).toBeUndefined();
});

test("a stack that no longer runs is not found", ({ expect }) => {
  const folder = newDataFolder();
  const unlock = lockDataFolder(folder);
  announceStack(folder, connectionTo(folder.path));
  unlock();

  expect(findAnnouncedStack(folder)).toBeUndefined();
});

test("guests count until they leave or are killed", ({ expect }) => {
  const folder = newDataFolder();
  const leave = enterAsGuest(folder);
  const { pid } = spawnSync(process.execPath, ["--version"]);
  writeFileSync(join(folder.guests, `${pid}.json`), JSON.stringify({ pid, startedAt: null }));

  expect(guestsOf(folder).map((guest) => guest.pid)).toEqual([process.pid]);
  leave();
  expect(guestsOf(folder)).toEqual([]);
});
