import {
  appendFileSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { test } from "vitest";
import { Arrivals, STEADY_MS } from "../../src/cli/convert/arrivals.ts";
import { openForWriting } from "../../src/cli/convert/openForWriting.ts";
import type { FolderWatchOptions } from "../../src/cli/convert/watchFolder.ts";
import { FolderWatch } from "../../src/cli/convert/watchFolder.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

/** A folder, and a clock that only the test moves. Files are written at the time that the clock shows. */
function setUp(openPaths: () => string[] = () => []) {
  const folder = temporaryFolder();
  let now = Date.UTC(2026, 0, 1);
  const at = (name: string): string => join(folder, name);
  const touch = (path: string, mtimeMs: number): void => utimesSync(path, mtimeMs / 1000, mtimeMs / 1000);
  const arrivals = new Arrivals({ now: () => now, openForWriting: () => new Set(openPaths()) });
  return {
    at,
    arrivals,
    write: (name: string, text = "video", mtimeMs = now) => {
      appendFileSync(at(name), text);
      touch(at(name), mtimeMs);
    },
    pass: (ms: number) => (now += ms),
    look: (...names: string[]) => arrivals.look(names.map(at)),
    ready: (...names: string[]) => arrivals.look(names.map(at)).ready,
  };
}

test("a file is ready when it has not changed for two seconds, and only once", ({ expect }) => {
  const { at, write, pass, look, ready } = setUp();
  write("a.mp4");

  expect(look("a.mp4")).toMatchObject({ ready: [], growing: [at("a.mp4")], gone: [] });
  pass(STEADY_MS - 1);
  write("a.mp4", "more");
  expect(ready("a.mp4")).toEqual([]);
  pass(STEADY_MS - 1);
  expect(ready("a.mp4")).toEqual([]);
  pass(1);
  expect(ready("a.mp4")).toEqual([at("a.mp4")]);
  pass(STEADY_MS);
  expect(look("a.mp4")).toMatchObject({ ready: [], growing: [], gone: [] });
});

test("a file that is moved into the folder is ready at once", ({ expect }) => {
  const { at, write, pass, ready } = setUp();
  write("elsewhere.mp4");
  pass(STEADY_MS);

  renameSync(at("elsewhere.mp4"), at("a.mp4"));

  expect(ready("a.mp4")).toEqual([at("a.mp4")]);
});

test("where the clock of the file system is ahead, two seconds without a change count", ({ expect }) => {
  const { at, write, pass, ready } = setUp();
  write("a.mp4", "video", Date.UTC(2027, 0, 1));

  expect(ready("a.mp4")).toEqual([]);
  pass(STEADY_MS);
  expect(ready("a.mp4")).toEqual([at("a.mp4")]);
});

test("a file that somebody has open for writing is not ready, however long it does not change", ({ expect }) => {
  let open = ["a.mp4"];
  const { at, write, pass, look } = setUp(() => open.map((name) => at(name)));
  write("a.mp4");
  pass(10 * STEADY_MS);

  expect(look("a.mp4")).toMatchObject({ ready: [], growing: [at("a.mp4")] });
  open = [];
  expect(look("a.mp4")).toMatchObject({ ready: [at("a.mp4")], growing: [] });
});

test("a file that is replaced is a new one, and one that is removed while it grows is gone", ({ expect }) => {
  const { at, write, pass, look, ready } = setUp();
  write("a.mp4");
  write("b.mp4");
  look("a.mp4", "b.mp4");
  rmSync(at("b.mp4"));

  expect(look("a.mp4").gone).toEqual([at("b.mp4")]);
  pass(STEADY_MS);
  expect(ready("a.mp4")).toEqual([at("a.mp4")]);
  write("new.mp4", "other");
  renameSync(at("new.mp4"), at("a.mp4"));
  expect(ready("a.mp4")).toEqual([]);
  pass(STEADY_MS);
  expect(ready("a.mp4")).toEqual([at("a.mp4")]);
  expect(look().gone).toEqual([]);
});

test("a file that is given back is handed over again", ({ expect }) => {
  const { at, arrivals, write, pass, ready } = setUp();
  write("a.mp4");
  pass(STEADY_MS);
  expect(ready("a.mp4")).toEqual([at("a.mp4")]);

  arrivals.giveBack(at("a.mp4"));

  expect(ready("a.mp4")).toEqual([at("a.mp4")]);
});

test.runIf(process.platform === "linux")("who writes to a file is seen, who reads it does not matter", ({ expect }) => {
  const folder = temporaryFolder();
  const [written, read, closed] = ["written", "read", "closed"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [written, read, closed]) writeFileSync(path, "");
  const descriptors = [openSync(written, "a"), openSync(read, "r")];

  const open = openForWriting([written, read, closed, join(folder, "missing")]);
  for (const descriptor of descriptors) closeSync(descriptor);

  expect([...open]).toEqual([written]);
});

test("where the processes cannot be seen, nobody is seen to write", ({ expect }) => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "a.mp4"), "");

  expect([...openForWriting([join(folder, "a.mp4")], join(folder, "proc"))]).toEqual([]);
});

/** Watches a folder; each call of `look` lets the watch look once. */
function watching(root: string, changed: Partial<FolderWatchOptions> = {}) {
  const events: string[] = [];
  const interruption = new AbortController();
  let now = Date.now() + STEADY_MS;
  let goOn = (): void => {};
  const name = (path: string): string => path.slice(root.length + 1);
  const watch = new FolderWatch({
    root,
    folder: root,
    out: undefined,
    keepsResults: false,
    workloads: [mp3],
    signal: interruption.signal,
    onReady: (sources) => void events.push(...sources.map(({ path, blobName }) => `ready ${name(path)} ${blobName}`)),
    onGrowing: (path) => void events.push(`growing ${name(path)}`),
    onGone: (path) => void events.push(`gone ${name(path)}`),
    onKept: () => {},
    onSkipped: ({ path, code }) => void events.push(`skipped ${name(path)} ${code}`),
    clock: { now: () => now, pause: () => new Promise<void>((resolve) => (goOn = resolve)) },
    ...changed,
  });
  const end = watch.run();
  end.catch(() => {});
  const look = async (): Promise<string[]> => {
    now += STEADY_MS;
    goOn();
    await setImmediate();
    return events.splice(0);
  };
  return { first: events.splice(0), look, end, interruption, stop: () => (interruption.abort(), goOn()) };
}

test("what is there at the start is converted unless it has a result, and what comes later in any case", async ({
  expect,
}) => {
  const root = temporaryFolder();
  mkdirSync(join(root, "talks"));
  for (const file of ["done.mp4", "done.mp3", "talks/new.mp4"]) writeFileSync(join(root, file), "");

  const { first, look, stop, end } = watching(root);

  expect(first).toEqual(["ready talks/new.mp4 talks/new.mp4"]);
  expect(await look()).toEqual([]);
  writeFileSync(join(root, "done.mp4"), "another version");
  expect(await look()).toEqual(["ready done.mp4 done.mp4"]);
  stop();
  await end;
});

test("with --no-overwrite, what has a result is left alone whenever it comes", async ({ expect }) => {
  const root = temporaryFolder();
  const { look } = watching(root, { keepsResults: true });
  for (const file of ["done.mp4", "done.mp3", "new.mp4"]) writeFileSync(join(root, file), "");

  expect(await look()).toEqual(["ready new.mp4 new.mp4"]);
});

test("what was seen to grow and has a result is told to be left alone when it is complete", async ({ expect }) => {
  const root = temporaryFolder();
  const kept: string[] = [];
  const { look } = watching(root, {
    keepsResults: true,
    onKept: (path) => void kept.push(path.slice(root.length + 1)),
  });
  for (const file of ["done.mp4", "done.mp3"]) writeFileSync(join(root, file), "");
  const writer = openSync(join(root, "done.mp4"), "a");

  const whileWritten = await look();
  const keptThen = [...kept];
  closeSync(writer);
  await look();

  if (process.platform === "linux") expect([whileWritten, keptThen]).toEqual([["growing done.mp4"], []]);
  expect(kept).toEqual(["done.mp4"]);
});

test("what cannot be converted is told once", async ({ expect }) => {
  const root = temporaryFolder();
  mkdirSync(join(root, "folder.mp4"));
  const { look } = watching(root);
  writeFileSync(join(root, "empty.txt"), "");
  symlinkSync("nowhere", join(root, "broken.mp4"));

  expect(await look()).toEqual(["skipped broken.mp4 BrokenLink"]);
  expect(await look()).toEqual([]);
});

test("the watch ends when its folder is deleted", async ({ expect }) => {
  const root = temporaryFolder();
  const { look, end } = watching(root);

  rmSync(root, { recursive: true });
  await look();

  await expect(end).rejects.toMatchObject({ code: "ENOENT" });
});
