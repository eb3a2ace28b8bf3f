import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "vitest";
import { expandBraces, findEntryFiles } from "../../../../src/local/functionsHost/worker/entryFiles.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";

function find(main: string, files: readonly string[]): string[] {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "package.json"), JSON.stringify({ main }));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return findEntryFiles(folder).map((file) => relative(folder, file).replaceAll("\\", "/"));
}

test("braces name several files, and a star all of a folder", ({ expect }) => {
  const files = [
    "dist/index.js",
    "dist/functions/a.js",
    "dist/functions/b.js",
    "dist/functions/b.js.map",
    "dist/other.js",
  ];

  expect(find("dist/{index.js,functions/*.js}", files)).toEqual([
    "dist/functions/a.js",
    "dist/functions/b.js",
    "dist/index.js",
  ]);
});

test("two stars match folders at any depth", ({ expect }) => {
  expect(find("src/**/*.js", ["src/a.js", "src/x/b.js", "src/x/y/c.js"])).toEqual([
    "src/a.js",
    "src/x/b.js",
    "src/x/y/c.js",
  ]);
});

test("a main that matches nothing says to build first", ({ expect }) => {
  expect(() => find("dist/*.js", ["src/a.ts"])).toThrow('matches "main" of its package.json, "dist/*.js"');
});

test("braces may be nested", ({ expect }) => {
  expect(expandBraces("a{b,c{d,e}}f")).toEqual(["abf", "acdf", "acef"]);
  expect(expandBraces("plain.js")).toEqual(["plain.js"]);
});

test("an app of an older programming model is refused with the way to the new one", ({ expect }) => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "HttpExample"));
  writeFileSync(join(folder, "package.json"), "{}");
  writeFileSync(join(folder, "HttpExample", "function.json"), "{}");

  expect(() => findEntryFiles(folder)).toThrow(
    expect.objectContaining({ code: "OldProgrammingModel", hint: expect.stringContaining("version 4") }),
  );
});
