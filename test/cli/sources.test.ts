import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "vitest";
import { collectSources } from "../../src/cli/convert/sources.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

function folderWith(...files: string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return folder;
}

function namesOf(folder: string, ...args: string[]): string[] {
  return collectSources(args, folder, undefined, [mp3]).map((source) => source.blobName);
}

test("a file goes by its base name, one in a folder by its path from there", ({ expect }) => {
  const folder = folderWith("one.mp4", "talks/intro.mp4", "talks/2024/end.MP4", "talks/notes.txt");

  expect(namesOf(folder, "one.mp4", "talks")).toEqual(["one.mp4", "2024/end.MP4", "intro.mp4"]);
});

test("two files with the same name get the names of their folders in front, as many as it takes", ({ expect }) => {
  const folder = folderWith("a/x/v.mp4", "b/x/v.mp4", "b/x/w.mp4");

  expect(namesOf(folder, "a/x/v.mp4", "b/x")).toEqual(["a/x/v.mp4", "b/x/v.mp4", "w.mp4"]);
});

test("a file that is given twice is converted once", ({ expect }) => {
  const folder = folderWith("talks/intro.mp4");

  expect(namesOf(folder, "talks/intro.mp4", "talks", "./talks/../talks/intro.mp4")).toEqual(["intro.mp4"]);
});

test("without --out an MP3 is put next to its video, with --out by its relative path", ({ expect }) => {
  const folder = folderWith("talks/2024/end.MP4");
  const resultPathWith = (out?: string): string | undefined =>
    collectSources(["talks"], folder, out, [mp3])[0]?.resultPath;

  expect(resultPathWith()).toBe(join(folder, "talks/2024/end.MP3"));
  expect(resultPathWith("mp3s")).toBe(join(folder, "mp3s/2024/end.MP3"));
});

test("what the chosen workloads take is converted, once by each that takes it", ({ expect }) => {
  const folder = folderWith("talk.mp4", "notes.txt", "photo.jpg");
  const words = { ...topWords, suffixes: [".txt", ".mp4"] };

  const sources = collectSources(["."], folder, undefined, [mp3, words]);

  expect(sources.map(({ blobName, workload }) => [blobName, workload.name])).toEqual([
    ["notes.txt", "topWords"],
    ["talk.mp4", "mp3"],
    ["talk.mp4", "topWords"],
  ]);
});

test("in a folder, the result of another file is not converted in its turn, unless it is named itself", ({
  expect,
}) => {
  const folder = folderWith("texts/a.txt", "texts/a_OUTPUT.txt", "texts/a_OUTPUT_OUTPUT.txt", "texts/b_OUTPUT.txt");
  const namesOfTexts = (...args: string[]): string[] =>
    collectSources(args, folder, undefined, [topWords]).map((source) => source.blobName);

  expect(namesOfTexts("texts")).toEqual(["a.txt", "b_OUTPUT.txt"]);
  expect(namesOfTexts("texts/a_OUTPUT.txt")).toEqual(["a_OUTPUT.txt"]);
});

test("odd names go to storage as they are, except for control characters and backslashes", ({ expect }) => {
  const folder = folderWith("it's $(rm -rf) ;%20+#ü.mp4", "line\nbreak\\.mp4");

  expect(namesOf(folder, ".")).toEqual(["it's $(rm -rf) ;%20+#ü.mp4", "line%0Abreak%5C.mp4"]);
});

test("links to files count; links to folders, dead links and pipes do not", ({ expect }) => {
  const folder = folderWith("videos/one.mp4");
  symlinkSync(join(folder, "videos"), join(folder, "videos", "circle"));
  symlinkSync(join(folder, "videos/one.mp4"), join(folder, "videos/two.mp4"));
  symlinkSync(join(folder, "nowhere"), join(folder, "videos/broken.mp4"));
  execFileSync("mkfifo", [join(folder, "videos/pipe.mp4")]);

  expect(namesOf(folder, "videos")).toEqual(["one.mp4", "two.mp4"]);
});

test("every problem with the arguments is reported at once", ({ expect }) => {
  const folder = folderWith("notes.txt", "empty/notes.txt", "good.mp4");

  expect(() => namesOf(folder, "missing.mp4", "notes.txt", "empty", "good.mp4")).toThrow(
    expect.objectContaining({
      code: "WrongUsage",
      message: [
        "missing.mp4: there is no such file or folder",
        "notes.txt: its name does not end in .mp4",
        "empty: there is no .mp4 file in this folder or below it",
      ].join("\n"),
    }),
  );
});

test("no arguments at all are wrong usage", ({ expect }) => {
  expect(() => namesOf(temporaryFolder())).toThrow(expect.objectContaining({ code: "WrongUsage" }));
});

test("a name that is too long for a blob is refused", ({ expect }) => {
  const long = Array.from({ length: 6 }, () => "x".repeat(200)).join("/");
  const folder = folderWith(`videos/${long}/v.mp4`);

  expect(() => namesOf(folder, "videos")).toThrow(/blob name of 1211 characters; 1024 are allowed/);
});
