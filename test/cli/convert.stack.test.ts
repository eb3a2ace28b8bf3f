import { existsSync, readFileSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { answersIn, interfereWith, setUpConvert } from "./convertUnderTest.ts";
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

test("each MP3 lands next to its video, and its stages are shown", async ({ expect }) => {
  const { folder, app, run } = await setUp({ files: ["one.mp4", "talks/it's $(x) #1.MP4"] });

  const { exitCode, stdout, stderr } = await run(["--functions-url", app.url, "one.mp4", "talks"]);

  expect(exitCode).toBe(0);
  expect(stdout).toBe("");
  expect(readFileSync(join(folder, "one.mp3"), "utf8")).toBe("MP3 of one.mp4");
  expect(readFileSync(join(folder, "talks/it's $(x) #1.MP3"), "utf8")).toBe("MP3 of it's $(x) #1.MP4");
  expect(readdirSync(folder).toSorted()).toEqual(["one.mp3", "one.mp4", "talks"]);
  expect(stderr.split("\n").filter((line) => line.startsWith("one.mp4"))).toEqual([
    "one.mp4: uploading 100 %",
    "one.mp4: uploaded",
    "one.mp4: preparing",
    "one.mp4: waiting: all nodes are busy",
    "one.mp4: converting 50 %",
    "one.mp4: publishing",
    "one.mp4: downloading 100 %",
  ]);
  expect(stderr).toMatch(/2 of 2 converted in \d+\.\d s\n$/);
});

test("--json gives the records in the order of the arguments, and one failure makes the exit code 1", async ({
  expect,
}) => {
  const { folder, app, run } = await setUp({ files: ["b.mp4", "silent.mp4", "a.mp4"], failing: ["silent.mp4"] });

  const args = ["--functions-url", app.url, "--json", "--out", "mp3s", "b.mp4", "silent.mp4", "a.mp4"];
  const { exitCode, stdout, stderr } = await run(args);

  expect(exitCode).toBe(1);
  expect(answersIn(stdout).map(({ input, status, error }) => [input.name, status, error?.code])).toEqual([
    ["b.mp4", "succeeded", undefined],
    ["silent.mp4", "failed", "NoAudioStream"],
    ["a.mp4", "succeeded", undefined],
  ]);
  expect(readdirSync(join(folder, "mp3s")).toSorted()).toEqual(["a.mp3", "b.mp3"]);
  expect(stderr).toContain(
    "silent.mp4: NoAudioStream\n  The video has no audio stream\n  There is nothing to convert.\n",
  );
});

test("without the app's API the record in storage is enough", async ({ expect }) => {
  const { folder, app, storage, run } = await setUp({ files: ["one.mp4"] });
  const running = run(["one.mp4"]);
  await expect.poll(() => storage.getContainerClient("input").getBlobClient("one.mp4").exists()).toBe(true);
  await app.finish("one.mp4");

  expect((await running).exitCode).toBe(0);
  expect(existsSync(join(folder, "one.mp3"))).toBe(true);
});

test("the record of an older version does not count", async ({ expect }) => {
  const { folder, app, run } = await setUp({ files: ["one.mp4"] });
  await run(["--functions-url", app.url, "one.mp4"]);
  writeFileSync(join(folder, "one.mp4"), "another video");

  const { exitCode, stdout } = await run(["one.mp4", "--timeout", "0.02", "--json"]);

  expect(exitCode).toBe(1);
  expect(answersIn(stdout)[0]).toMatchObject({ status: "failed", error: { code: "TimedOut" } });
});

test("an upload that somebody replaces is cancelled, because its record will never come", async ({ expect }) => {
  const { storage, run } = await setUp({ files: ["one.mp4"] });
  const blob = storage.getContainerClient("input").getBlockBlobClient("one.mp4");
  const running = run(["one.mp4", "--json"]);
  await expect.poll(() => blob.exists()).toBe(true);
  await blob.upload("newer", 5);

  const { exitCode, stdout } = await running;

  expect(exitCode).toBe(1);
  expect(answersIn(stdout)[0]).toMatchObject({ status: "cancelled", error: { code: "Superseded" } });
});

test("an existing MP3 is replaced, or kept with --no-overwrite", async ({ expect }) => {
  const { folder, app, run } = await setUp({ files: ["one.mp4", "one.mp3"] });

  const kept = await run(["--functions-url", app.url, "-n", "--json", "one.mp4"]);

  expect(readFileSync(join(folder, "one.mp3"), "utf8")).toBe("video one.mp3");
  expect([kept.exitCode, answersIn(kept.stdout)]).toEqual([0, []]);
  await run(["--functions-url", app.url, "one.mp4"]);
  expect(readFileSync(join(folder, "one.mp3"), "utf8")).toBe("MP3 of one.mp4");
});

test("Ctrl-C ends a waiting conversion", async ({ expect }) => {
  const { storage, run } = await setUp({ files: ["one.mp4"] });
  const interruption = new AbortController();
  const running = run(["one.mp4"], interruption.signal);
  await expect.poll(() => storage.getContainerClient("input").getBlobClient("one.mp4").exists()).toBe(true);

  interruption.abort();

  await expect(running).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
});

test("Ctrl-C during a download leaves nothing of it behind", async ({ expect }) => {
  const { folder, app, storage, run } = await setUp({ files: ["waiting.mp4", "downloading.mp4"] });
  const connectionString = await interfereWith(shared, {
    onAnswer: ({ method, url }, answer, response) => {
      if (method !== "GET" || !url?.endsWith("downloading.mp3")) return false;
      // The last byte never comes.
      answer.once("data", (bytes: Buffer) => response.write(bytes.subarray(0, -1)));
      return true;
    },
  });
  const interruption = new AbortController();
  const args = ["--connection-string", connectionString, "--out", "mp3s", "waiting.mp4", "downloading.mp4"];
  const running = run(args, interruption.signal);
  const outcome = expect(running).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
  for (const name of ["waiting.mp4", "downloading.mp4"]) {
    await expect.poll(() => storage.getContainerClient("input").getBlobClient(name).exists()).toBe(true);
  }
  await app.finish("downloading.mp4");
  const results = join(folder, "mp3s");
  await expect.poll(() => readdirSync(results)).toEqual([expect.stringMatching(/\.mp3drop$/)]);

  interruption.abort();

  await outcome;
  expect(readdirSync(results)).toEqual([]);
});

test("a file larger than several blocks arrives whole", async ({ expect }) => {
  const { folder, app, storage, run } = await setUp({ files: [] });
  const bytes = Buffer.alloc(20 * 1024 * 1024 + 3, "0123456789");
  writeFileSync(join(folder, "large.mp4"), bytes);

  const { exitCode } = await run(["--functions-url", app.url, "large.mp4"]);

  expect(exitCode).toBe(0);
  const stored = await storage.getContainerClient("input").getBlobClient("large.mp4").downloadToBuffer();
  expect(stored.equals(bytes)).toBe(true);
});

test("--watch converts what is in a folder and what appears in it, until Ctrl-C", async ({ expect }) => {
  const { folder, app, storage, run } = await setUp({ files: ["talks/old.mp4", "talks/done.mp4", "talks/done.mp3"] });
  utimesSync(join(folder, "talks/old.mp4"), new Date(0), new Date(0));
  const interruption = new AbortController();
  const args = ["--functions-url", app.url, "--watch", "--json", "--bitrate", "96", "talks"];

  const running = run(args, interruption.signal);
  await expect.poll(() => existsSync(join(folder, "talks/old.mp3"))).toBe(true);
  writeFileSync(join(folder, "late.mp4"), "late");
  utimesSync(join(folder, "late.mp4"), new Date(0), new Date(0));
  renameSync(join(folder, "late.mp4"), join(folder, "talks/late.mp4"));
  await expect.poll(() => existsSync(join(folder, "talks/late.mp3"))).toBe(true);
  interruption.abort();
  const { exitCode, stdout, stderr } = await running;

  expect(exitCode).toBe(0);
  expect(answersIn(stdout).map(({ input, status }) => [input.name, status])).toEqual([
    ["old.mp4", "succeeded"],
    ["late.mp4", "succeeded"],
  ]);
  expect(stderr).toMatch(/^Converting in .*\nWatching .*talks\n/);
  expect(stderr).toMatch(/\n2 converted\n$/);
  const { metadata } = await storage.getContainerClient("input").getBlobClient("late.mp4").getProperties();
  expect(metadata).toEqual({ mp3drop_bitrate: "96" });
});

test("--watch ends when the folder is deleted, and says so", async ({ expect }) => {
  const { folder, run } = await setUp({ files: ["talks/growing.mp4"] });
  const future = new Date(Date.now() + 3_600_000);
  utimesSync(join(folder, "talks/growing.mp4"), future, future);
  const running = run(["--watch", "talks"]);

  rmSync(join(folder, "talks"), { recursive: true });

  const { exitCode, stderr } = await running;
  expect(exitCode).toBe(1);
  expect(stderr).toContain("cannot be watched any more: there is no such file or folder (ENOENT)");
});

test.for([
  [["--watch", "one.mp4"], "one.mp4: --watch takes a folder"],
  [["--watch", ".", "."], "--watch takes one folder, not 2"],
  [["--watch", "missing"], "missing: there is no such file or folder (ENOENT)"],
] as const)("%s is wrong usage", async ([args, message], { expect }) => {
  const { run } = await setUp({ files: ["one.mp4"] });

  await expect(run(args)).rejects.toMatchObject({ code: "WrongUsage", message });
});
