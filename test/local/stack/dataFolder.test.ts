import { writeFileSync } from "node:fs";
import { test } from "vitest";
import { createDataFolder, dataFolderAt, lockDataFolder, lockHolder } from "../../../src/local/stack/dataFolder.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

test("a second stack on the same data folder is refused and told who runs there", ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  lockDataFolder(folder);

  expect(lockHolder(folder)?.pid).toBe(process.pid);
  expect(() => lockDataFolder(folder)).toThrow(
    expect.objectContaining({
      code: "DataFolderInUse",
      message: `Another mp3drop (process ${process.pid}) is using ${folder.path}`,
    }),
  );
});

test("a data folder below a file is refused with the option that changes it", ({ expect }) => {
  const file = dataFolderAt(temporaryFolder()).lock;
  writeFileSync(file, "");

  expect(() => createDataFolder(dataFolderAt(`${file}/data`))).toThrow(
    expect.objectContaining({ code: "DataFolderNotWritable", hint: expect.stringContaining("--data") }),
  );
});
