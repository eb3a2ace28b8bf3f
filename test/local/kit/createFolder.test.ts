import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { createFolder } from "../../../src/local/kit/createFolder.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

test("a folder is created with all that is missing above it, in the given mode", ({ expect }) => {
  const folder = temporaryFolder();

  createFolder(join(folder, "a/b"), 0o700);

  for (const path of ["a", "a/b"]) expect(statSync(join(folder, path)).mode & 0o777).toBe(0o700);
});

test("a folder that exists, if only by a link, is left as it is", ({ expect }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "a"), { mode: 0o755 });
  symlinkSync("a", join(folder, "link"));

  createFolder(join(folder, "a"), 0o700);
  createFolder(join(folder, "link/b"));

  expect(statSync(join(folder, "a")).mode & 0o777).toBe(0o755);
  expect(existsSync(join(folder, "a/b"))).toBe(true);
});

test.for([
  ["a file in its place", "file"],
  ["a file above it", "file/a/b"],
  ["a link to nowhere in its place", "nowhere"],
])("%s is the reason why a folder cannot be created", ([, path = ""], { expect }) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");
  symlinkSync("missing", join(folder, "nowhere"));

  expect(() => createFolder(join(folder, path))).toThrow(/^(ENOTDIR|EEXIST): /);
});

test.skipIf(!existsSync("/proc/self"))("a folder that the system cannot create is refused at once", ({ expect }) => {
  expect(() => createFolder("/proc/mp3drop/new")).toThrow(expect.objectContaining({ path: "/proc/mp3drop" }));
});
