import { test } from "vitest";
import { droppedFiles } from "../../src/page/dropped.ts";

/** What a browser gives for a folder: its entries in parts, each part once, and nothing at the end. */
function folder(path: string, ...parts: object[][]): object {
  const createReader = () => {
    const rest = [...parts, []];
    return { readEntries: (done: (entries: object[]) => void) => done(rest.shift() ?? []) };
  };
  return { isFile: false, fullPath: path, createReader };
}

function file(path: string): object {
  const content = new File(["a"], path.split("/").at(-1) ?? "");
  return { isFile: true, fullPath: path, file: (done: (found: File) => void) => done(content) };
}

function drop(...entries: (object | null)[]): DataTransfer {
  const items = entries.map((entry, index) => ({
    kind: "file",
    webkitGetAsEntry: () => entry,
    getAsFile: () => new File(["a"], `plain-${index}.mp4`),
  }));
  return { items: [...items, { kind: "string" }] } as unknown as DataTransfer;
}

test("a dropped folder gives all files below it, under their path, however many parts they come in", async ({
  expect,
}) => {
  const inner = folder("/talks/2026", [file("/talks/2026/c.mp4")]);
  const transfer = drop(folder("/talks", [file("/talks/a.mp4"), file("/talks/b.txt")], [inner]), file("/d.mp4"));

  const files = await droppedFiles(transfer);

  expect(files.map(({ name, isFromFolder }) => [name, isFromFolder])).toEqual([
    ["talks/a.mp4", true],
    ["talks/b.txt", true],
    ["talks/2026/c.mp4", true],
    ["d.mp4", false],
  ]);
});

test("a file that the browser knows no path of comes under its name, and other things that are dropped are left", async ({
  expect,
}) => {
  const files = await droppedFiles(drop(null));

  expect(files.map(({ name, isFromFolder }) => [name, isFromFolder])).toEqual([["plain-0.mp4", false]]);
});

test("a folder that cannot be read is an error", async ({ expect }) => {
  const locked = {
    isFile: false,
    fullPath: "/a",
    createReader: () => ({ readEntries: (_: unknown, fail: (reason: Error) => void) => fail(new Error("locked")) }),
  };

  await expect(droppedFiles(drop(locked))).rejects.toThrow("locked");
});
