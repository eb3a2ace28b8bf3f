import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { answersIn, interfereWith, setUpConvert, skippedIn } from "./convertUnderTest.ts";
import type { TestStorage } from "./standInApp.ts";
import { startStorage } from "./standInApp.ts";

const data = temporaryFolder(afterAll);
let shared: TestStorage;

beforeAll(async () => {
  shared = await startStorage(data);
});
beforeEach(() => shared.clear());
afterAll(() => shared.stop());

const setUp = (files: Parameters<typeof setUpConvert>[1]) => setUpConvert(shared, files);

/** Does something to the files when the first bytes of one of them reach the storage. */
function duringUpload(name: string, action: () => void): Promise<string> {
  let isDone = false;
  return interfereWith(shared, {
    onRequest: ({ method, url = "" }) => {
      if (method !== "PUT" || !url.includes(name) || isDone) return;
      isDone = true;
      action();
    },
  });
}

async function inputNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of shared.storage.getContainerClient("input").listBlobsFlat()) names.push(name);
  return names;
}

test("files that are deleted or replaced by something else before their turn fail alone", async ({ expect }) => {
  const { folder, app, run } = await setUp({ files: ["a.mp4", "b.mp4", "c.mp4", "d.mp4", "e.mp4", "f.mp4"] });
  const at = (name: string): string => join(folder, name);
  const connectionString = await duringUpload("a.mp4", () => {
    rmSync(at("d.mp4"));
    rmSync(at("e.mp4"));
    execFileSync("mkfifo", [at("e.mp4")]);
  });

  const { exitCode, stdout, stderr } = await run([
    "--connection-string",
    connectionString,
    "--functions-url",
    app.url,
    "--json",
    ".",
  ]);

  expect(exitCode).toBe(1);
  expect(answersIn(stdout).map(({ input, status, error }) => [input.name, status, error?.code])).toEqual([
    ["a.mp4", "succeeded", undefined],
    ["b.mp4", "succeeded", undefined],
    ["c.mp4", "succeeded", undefined],
    ["d.mp4", "failed", "NotFound"],
    ["e.mp4", "failed", "Unreadable"],
    ["f.mp4", "succeeded", undefined],
  ]);
  expect(stderr).toContain("\ne.mp4: Unreadable\n  The file cannot be read: it is not a regular file any more\n");
  expect(stderr).toMatch(/\n4 of 6 converted in .+, 2 failed\n$/);
});

test.for([
  ["is cut off", (path: string) => truncateSync(path, 1_000_000)],
  ["grows", (path: string) => writeFileSync(path, "more", { flag: "a" })],
  [
    "is replaced",
    (path: string) => {
      writeFileSync(`${path}.new`, LARGE);
      renameSync(`${path}.new`, path);
    },
  ],
] as const)(
  "of a file that %s during its upload nothing is converted, and an older blob stays",
  async ([, change], { expect }) => {
    const { folder, app, storage, run } = await setUp({ files: ["small.mp4"] });
    const path = join(folder, "large.mp4");
    writeFileSync(path, LARGE);
    const blob = storage.getContainerClient("input").getBlockBlobClient("large.mp4");
    await blob.upload("older", 5);
    const connectionString = await duringUpload("large.mp4", () => change(path));

    const options = ["--connection-string", connectionString, "--functions-url", app.url, "--json"];
    const { exitCode, stdout } = await run([...options, "large.mp4", "small.mp4"]);

    expect(exitCode).toBe(1);
    expect(answersIn(stdout)).toMatchObject([
      { status: "failed", error: { code: "Changed" } },
      { status: "succeeded", error: null },
    ]);
    expect((await blob.downloadToBuffer()).toString()).toBe("older");
  },
);

const LARGE = Buffer.alloc(40 * 1024 * 1024, "0123456789");

test("a result that cannot be written fails its file before the upload", async ({ expect }) => {
  const { folder, app, run } = await setUp({ files: ["one.mp4", "two.mp4"] });
  mkdirSync(join(folder, "one.mp3"));

  const { exitCode, stdout } = await run(["--functions-url", app.url, "--json", "."]);

  expect(exitCode).toBe(1);
  expect(answersIn(stdout)).toMatchObject([
    { status: "failed", input: { name: "one.mp4" }, error: { code: "ResultNotWritable" } },
    { status: "succeeded" },
  ]);
  expect(await inputNames()).toEqual(["two.mp4"]);
});

test("where no result can be written, the app is not even looked for", async ({ expect }) => {
  const { folder, run } = await setUp({ files: ["one.mp4"] });
  mkdirSync(join(folder, "one.mp3"));

  const { exitCode, stderr } = await run(["one.mp4"]);

  expect(exitCode).toBe(1);
  expect(stderr).toContain("one.mp4: ResultNotWritable\n");
  expect(stderr).not.toContain("Converting in storage account");
});

test("what is wrong in a folder is named, and is in the JSON, while the rest is converted", async ({ expect }) => {
  const { folder, app, run } = await setUp({ files: ["videos/one.mp4"] });
  symlinkSync("nowhere", join(folder, "videos/broken.mp4"));

  const { exitCode, stdout, stderr } = await run(["--functions-url", app.url, "--json", "videos"]);

  expect(exitCode).toBe(1);
  expect(answersIn(stdout)).toMatchObject([{ status: "succeeded" }]);
  expect(skippedIn(stdout)).toEqual([
    { path: join(folder, "videos/broken.mp4"), code: "BrokenLink", message: "the link leads nowhere" },
  ]);
  expect(stderr).toContain("Skipped videos/broken.mp4: the link leads nowhere\n");
  expect(stderr).toMatch(/\n1 of 1 converted in .+, 1 skipped\n$/);
});

test("what is skipped by rule is named, too, but is no failure", async ({ expect }) => {
  const { folder, run } = await setUp({ files: ["videos/one.mp4", "videos/one.mp3"] });
  symlinkSync(".", join(folder, "videos/circle"));

  const { exitCode, stdout, stderr } = await run(["--json", "--no-overwrite", "videos"]);

  expect(exitCode).toBe(0);
  expect(skippedIn(stdout).map(({ code }) => code)).toEqual(["FolderLink", "ResultExists"]);
  expect(stderr).toBe(
    [
      "Skipped videos/circle: links to folders are not followed",
      "Skipped videos/one.mp4: videos/one.mp3 is already there",
      "Nothing is left to convert, 2 skipped\n",
    ].join("\n"),
  );
  expect(readdirSync(folder)).toEqual(["videos"]);
});
