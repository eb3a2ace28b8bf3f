import { statSync, writeFileSync } from "node:fs";
import { test } from "vitest";
import { accountKeys } from "../../../src/local/stack/accountKeys.ts";
import { createDataFolder, dataFolderAt } from "../../../src/local/stack/dataFolder.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function newDataFolder() {
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  return folder;
}

test("each data folder has keys of its own, of the length that the services use", ({ expect }) => {
  const folders = [newDataFolder(), newDataFolder()];
  const keys = folders.flatMap((folder) => Object.values(accountKeys(folder)));

  expect(new Set(keys).size).toBe(4);
  expect(keys.map((key) => Buffer.from(key, "base64").length)).toEqual([64, 64, 64, 64]);
});

test("keys stay the same, in a file for the owner only", ({ expect }) => {
  const folder = newDataFolder();
  const keys = accountKeys(folder);

  expect(accountKeys(folder)).toEqual(keys);
  expect(statSync(folder.keys).mode & 0o777).toBe(0o600);
});

test.for(["", "null", "{}", '{"batch":"","storage":"short"}'])(
  "keys that cannot be used, %j, are made anew",
  (text, { expect }) => {
    const folder = newDataFolder();
    writeFileSync(folder.keys, text);

    const keys = accountKeys(folder);

    expect(Object.values(keys).map((key) => Buffer.from(key, "base64").length)).toEqual([64, 64]);
    expect(accountKeys(folder)).toEqual(keys);
  },
);
