import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { onTestFinished, test } from "vitest";
import { UnchangingFile } from "../../src/cli/convert/unchangingFile.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { withoutPrivileges } from "./withoutPrivileges.ts";

const CONTENT = "0123456789";

async function openVideo() {
  const path = join(temporaryFolder(), "video.mp4");
  writeFileSync(path, CONTENT);
  // Of yesterday, so that a write shows even where the clock of the file system is coarse.
  utimesSync(path, new Date("2026-01-01"), new Date("2026-01-01"));
  const file = await UnchangingFile.open(path);
  onTestFinished(() => file.close());
  return { path, file };
}

test("a file that stays as it is can be read in parts", async ({ expect }) => {
  const { file } = await openVideo();

  expect(file.sizeBytes).toBe(10);
  const bytes = Buffer.alloc(10);
  await file.read(8, bytes.subarray(0, 2));
  expect(bytes.toString("utf8", 0, 2)).toBe("89");
  await file.read(0, bytes.subarray(0, 8));
  expect(bytes.toString("utf8", 0, 8)).toBe("01234567");
  await expect(file.checkUnchanged()).resolves.toBeUndefined();
});

test("a part that is gone cannot be read", async ({ expect }) => {
  const { path, file } = await openVideo();
  truncateSync(path, 9);

  await expect(file.read(8, Buffer.alloc(2))).rejects.toMatchObject({
    code: "Changed",
    message: expect.stringContaining("shorter"),
  });
});

test.for([
  ["cut off", "its size changed", (path: string) => truncateSync(path, 3)],
  ["continued", "its size changed", (path: string) => appendFileSync(path, "more")],
  ["overwritten with as many bytes", "it was written to", (path: string) => writeFileSync(path, "9876543210")],
  ["deleted", "it was deleted", (path: string) => rmSync(path)],
  [
    "replaced",
    "another file took its place",
    (path: string) => {
      writeFileSync(`${path}.new`, CONTENT);
      renameSync(`${path}.new`, path);
    },
  ],
] as const)("a file that is %s while it is read has changed", async ([, how, change], { expect }) => {
  const { path, file } = await openVideo();
  await file.read(0, Buffer.alloc(2));
  change(path);

  await expect(file.checkUnchanged()).rejects.toMatchObject({
    code: "Changed",
    message: `The file changed while it was uploaded: ${how}`,
  });
});

test("a file that is missing was not found", async ({ expect }) => {
  await expect(UnchangingFile.open(join(temporaryFolder(), "video.mp4"))).rejects.toMatchObject({ code: "NotFound" });
});

test("what is no file, a pipe included, is refused without waiting", async ({ expect }) => {
  const at = (name: string): string => join(folder, name);
  const folder = temporaryFolder();
  mkdirSync(at("folder.mp4"));
  execFileSync("mkfifo", [at("pipe.mp4")]);
  symlinkSync("loop.mp4", at("loop.mp4"));

  for (const name of ["folder.mp4", "pipe.mp4", "loop.mp4"]) {
    await expect(UnchangingFile.open(at(name))).rejects.toMatchObject({ code: "Unreadable" });
  }
});

test("a file that the user may not read is unreadable", async ({ expect }) => {
  const folder = temporaryFolder();
  const path = join(folder, "video.mp4");
  writeFileSync(path, CONTENT);
  chmodSync(path, 0);

  await withoutPrivileges(folder, () =>
    expect(UnchangingFile.open(path)).rejects.toMatchObject({
      code: "Unreadable",
      message: "The file cannot be read: permission denied (EACCES)",
    }),
  );
});
