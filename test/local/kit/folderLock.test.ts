import { spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { test } from "vitest";
import type { DataFolder } from "../../../src/local/stack/dataFolder.ts";
import { createDataFolder, dataFolderAt } from "../../../src/local/stack/dataFolder.ts";
import { lockDataFolder, lockHolder } from "../../../src/local/kit/folderLock.ts";
import { identifyProcess } from "../../../src/local/kit/processIdentity.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function newDataFolder(): DataFolder {
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  return folder;
}

/** The id of a process that has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

test("a second stack on the same data folder is refused and told who holds it", ({ expect }) => {
  const folder = newDataFolder();
  lockDataFolder(folder);

  expect(() => lockDataFolder(folder)).toThrow(
    expect.objectContaining({ code: "DataFolderInUse", message: expect.stringContaining(`process ${process.pid}`) }),
  );
});

test("a data folder that was given up can be taken again", ({ expect }) => {
  const folder = newDataFolder();
  lockDataFolder(folder)();

  expect(lockHolder(folder)).toBeUndefined();
  expect(() => lockDataFolder(folder)).not.toThrow();
});

test("the lock of a process that was killed counts for nothing", ({ expect }) => {
  const folder = newDataFolder();
  writeFileSync(folder.lock, JSON.stringify({ pid: deadPid(), startedAt: "1" }));

  lockDataFolder(folder);

  expect(lockHolder(folder)?.pid).toBe(process.pid);
});

test("a lock whose process id now belongs to another process counts for nothing", ({ expect }) => {
  const folder = newDataFolder();
  writeFileSync(folder.lock, JSON.stringify({ pid: process.pid, startedAt: "long ago" }));

  expect(lockHolder(folder)).toBeUndefined();
  expect(() => lockDataFolder(folder)).not.toThrow();
});

test("a lock file that was cut off counts for nothing", ({ expect }) => {
  const folder = newDataFolder();
  writeFileSync(folder.lock, '{"pid":');

  lockDataFolder(folder);

  expect(lockHolder(folder)).toEqual(identifyProcess(process.pid));
});

test("giving up the lock removes its file", ({ expect }) => {
  const folder = newDataFolder();
  lockDataFolder(folder)();

  expect(existsSync(folder.lock)).toBe(false);
});

test("a data folder below a file is refused with the option that changes it", ({ expect }) => {
  const file = dataFolderAt(temporaryFolder()).lock;
  writeFileSync(file, "");

  expect(() => createDataFolder(dataFolderAt(`${file}/data`))).toThrow(
    expect.objectContaining({ code: "DataFolderNotWritable", hint: expect.stringContaining("--data") }),
  );
});
