import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { onTestFinished, test } from "vitest";
import type { Collection } from "../../src/cli/convert/sources.ts";
import { collectSources } from "../../src/cli/convert/sources.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";
import { withoutPrivileges } from "./withoutPrivileges.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

function folderWith(...files: string[]): string {
  const folder = temporaryFolder();
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  return folder;
}

function collect(folder: string, ...args: string[]): Collection {
  return collectSources(args, folder, undefined, [mp3]);
}

function namesOf(folder: string, ...args: string[]): string[] {
  return collect(folder, ...args).sources.map((source) => source.blobName);
}

/** A path in which each letter is one byte. */
function notUtf8(folder: string, name: string): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, "latin1")]);
}

/** Some file systems, such as that of macOS, take nothing but UTF-8. */
function allowsAnyBytes(): boolean {
  return process.platform === "linux";
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
    collectSources(["talks"], folder, out, [mp3]).sources[0]?.resultPath;

  expect(resultPathWith()).toBe(join(folder, "talks/2024/end.MP3"));
  expect(resultPathWith("mp3s")).toBe(join(folder, "mp3s/2024/end.MP3"));
});

test("what the chosen workloads take is converted, once by each that takes it", ({ expect }) => {
  const folder = folderWith("talk.mp4", "notes.txt", "photo.jpg");
  const words = { ...topWords, suffixes: [".txt", ".mp4"] };

  const { sources } = collectSources(["."], folder, undefined, [mp3, words]);

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
    collectSources(args, folder, undefined, [topWords]).sources.map((source) => source.blobName);

  expect(namesOfTexts("texts")).toEqual(["a.txt", "b_OUTPUT.txt"]);
  expect(namesOfTexts("texts/a_OUTPUT.txt")).toEqual(["a_OUTPUT.txt"]);
});

test("odd names go to storage as they are, except for control characters and backslashes", ({ expect }) => {
  const folder = folderWith("it's $(rm -rf) ;%20+#ü.mp4", "line\nbreak\\.mp4");

  expect(namesOf(folder, ".")).toEqual(["it's $(rm -rf) ;%20+#ü.mp4", "line%0Abreak%5C.mp4"]);
});

test("links to files count; whatever else goes by the name of a video is skipped by name, with the reason", ({
  expect,
}) => {
  const folder = folderWith("videos/one.mp4");
  const at = (name: string): string => join(folder, "videos", name);
  symlinkSync(at("one.mp4"), at("two.mp4"));
  symlinkSync(at(""), at("circle"));
  symlinkSync(join(folder, "nowhere"), at("broken.mp4"));
  symlinkSync("loop.mp4", at("loop.mp4"));
  execFileSync("mkfifo", [at("pipe.mp4")]);

  const { sources, skipped } = collect(folder, "videos");

  expect(sources.map(({ blobName }) => blobName)).toEqual(["one.mp4", "two.mp4"]);
  expect(skipped).toEqual([
    { path: at("broken.mp4"), code: "BrokenLink", message: "the link leads nowhere" },
    { path: at("circle"), code: "FolderLink", message: "links to folders are not followed" },
    { path: at("loop.mp4"), code: "BrokenLink", message: "its links lead in a circle" },
    { path: at("pipe.mp4"), code: "NotAFile", message: "it is a pipe" },
  ]);
});

test("sockets and devices are skipped, too", async ({ expect }) => {
  const folder = folderWith("videos/one.mp4");
  const at = (name: string): string => join(folder, "videos", name);
  const server = createServer();
  onTestFinished(() => void server.close());
  server.listen(at("socket.mp4"));
  await once(server, "listening");
  symlinkSync("/dev/null", at("device.mp4"));

  expect(collect(folder, "videos").skipped.map(({ code, message }) => [code, message])).toEqual([
    ["NotAFile", "it is a device"],
    ["NotAFile", "it is a socket"],
  ]);
});

test("what no workload takes is not worth a word", ({ expect }) => {
  const folder = folderWith("videos/one.mp4", "videos/notes.txt");
  symlinkSync("nowhere", join(folder, "videos/broken"));
  execFileSync("mkfifo", [join(folder, "videos/pipe")]);

  expect(collect(folder, "videos").skipped).toEqual([]);
});

test.skipIf(!allowsAnyBytes())("a name that is not UTF-8 is skipped with its bytes written out", ({ expect }) => {
  const folder = folderWith("videos/one.mp4");
  writeFileSync(notUtf8(folder, "videos/caf\xe9.mp4"), "");
  writeFileSync(notUtf8(folder, "videos/caf\xe9.txt"), "");
  mkdirSync(notUtf8(folder, "videos/\xff\xfe"));

  const { sources, skipped } = collect(folder, "videos");

  expect(sources.map(({ blobName }) => blobName)).toEqual(["one.mp4"]);
  expect(skipped).toEqual([
    { path: `${folder}/videos/\\xff\\xfe`, code: "NameNotUtf8", message: "its name is not UTF-8" },
    { path: `${folder}/videos/caf\\xe9.mp4`, code: "NameNotUtf8", message: "its name is not UTF-8" },
  ]);
});

test("a folder that cannot be read is skipped, and the others are not", async ({ expect }) => {
  const folder = folderWith("videos/one.mp4", "videos/secret/two.mp4");
  chmodSync(join(folder, "videos/secret"), 0);

  const { sources, skipped } = await withoutPrivileges(folder, async () => collect(folder, "videos"));

  expect(sources.map(({ blobName }) => blobName)).toEqual(["one.mp4"]);
  expect(skipped).toEqual([
    { path: join(folder, "videos/secret"), code: "Unreadable", message: "permission denied (EACCES)" },
  ]);
});

test("a folder of nothing but bad entries is no wrong usage, but one that is named and cannot be read is", async ({
  expect,
}) => {
  const folder = folderWith("bad/notes.txt", "secret/two.mp4");
  symlinkSync("nowhere", join(folder, "bad/broken.mp4"));
  chmodSync(join(folder, "secret"), 0);

  expect(collect(folder, "bad")).toMatchObject({ sources: [], skipped: [{ code: "BrokenLink" }] });
  await withoutPrivileges(folder, async () => {
    expect(() => collect(folder, "secret")).toThrow("secret: permission denied (EACCES)");
  });
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

test("a file that can have no blob name of its own is skipped", ({ expect }) => {
  const long = Array.from({ length: 6 }, () => "x".repeat(200)).join("/");
  const folder = folderWith(`videos/${long}/v.mp4`, "videos/a\nb.mp4", "videos/a%0Ab.mp4", "videos/c.mp4");

  const { sources, skipped } = collect(folder, "videos");

  expect(sources.map(({ blobName }) => blobName)).toEqual(["c.mp4"]);
  expect(skipped.map(({ code, message }) => [code, message])).toEqual([
    ["NameTaken", "another file would get the same blob name; rename one of them"],
    ["NameTaken", "another file would get the same blob name; rename one of them"],
    ["NameTooLong", "it would need a blob name of 1211 characters; 1024 are allowed"],
  ]);
});
