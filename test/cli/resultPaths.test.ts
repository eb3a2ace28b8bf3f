import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { ensureOutFolder, problemsWithResultPaths } from "../../src/cli/convert/resultPaths.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { withoutPrivileges } from "./withoutPrivileges.ts";

function problemWithResultPath(path: string) {
  return problemsWithResultPaths([path]).get(path);
}

test("the folders of a result are created", ({ expect }) => {
  const folder = temporaryFolder();

  ensureOutFolder(join(folder, "a/b"));

  expect(problemWithResultPath(join(folder, "a/b/c/one.mp3"))).toBeUndefined();
  expect(existsSync(join(folder, "a/b/c"))).toBe(true);
});

test("a result may replace a file, but not a folder", ({ expect }) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file.mp3"), "");
  mkdirSync(join(folder, "folder.mp3"));

  expect(problemWithResultPath(join(folder, "file.mp3"))).toBeUndefined();
  expect(problemWithResultPath(join(folder, "folder.mp3"))).toMatchObject({
    code: "ResultNotWritable",
    message: `${folder}/folder.mp3 cannot be written: there is a folder of that name`,
  });
});

test("a file where a folder should be, or a name that is too long, is a problem of that result", ({ expect }) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "file"), "");

  expect(problemWithResultPath(join(folder, "file/one.mp3"))?.message).toContain("not a folder");
  expect(problemWithResultPath(join(folder, `${"x".repeat(300)}.mp3`))?.message).toContain("too long");
  expect(() => ensureOutFolder(join(folder, "file"))).toThrow(
    expect.objectContaining({ code: "ResultNotWritable", hint: "Choose another folder with --out." }),
  );
});

test("a folder that the user may not write to is found out, with the reason", async ({ expect }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "readOnly"));
  chmodSync(join(folder, "readOnly"), 0o555);

  await withoutPrivileges(folder, async () => {
    expect(problemWithResultPath(join(folder, "readOnly/one.mp3"))?.message).toContain("permission denied (EACCES)");
    for (const out of ["readOnly", "readOnly/new/newer"]) {
      expect(() => ensureOutFolder(join(folder, out))).toThrow(/^No result can be written to .+: permission denied/);
    }
  });
});

test.skipIf(!existsSync("/proc/self"))("a folder that the system cannot create is refused at once", ({ expect }) => {
  expect(() => ensureOutFolder("/proc/mp3drop/new")).toThrow(expect.objectContaining({ code: "ResultNotWritable" }));
});
