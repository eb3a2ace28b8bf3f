import { execFileSync } from "node:child_process";
import { cpSync, existsSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "vitest";
import { temporaryFolder } from "../local/temporaryFolder.ts";

test("what `func azure functionapp publish` uploads can be built there", ({ expect }) => {
  const folder = temporaryFolder();
  const ignored = new Set(filesInGit("--ignored", "--cached", "--exclude-from=.funcignore"));
  for (const path of filesInGit()) if (!ignored.has(path)) cpSync(path, join(folder, path));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"), "junction");

  execFileSync("npm", ["run", "--silent", "build"], {
    cwd: folder,
    stdio: "pipe",
    shell: process.platform === "win32",
  });

  expect(
    ["index.js", "functions/convertOnUpload.js"].filter((name) => !existsSync(join(folder, "dist", name))),
  ).toEqual([]);
  expect(["cli", "local"].filter((name) => existsSync(join(folder, "dist", name)))).toEqual([]);
});

function filesInGit(...options: readonly string[]): string[] {
  const found = execFileSync("git", ["ls-files", "-z", ...options], { encoding: "utf8" });
  return found.split("\0").filter((path) => path !== "" && existsSync(path));
}
