import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished, test } from "vitest";
import { holderOf, lockFolder } from "../../../src/local/kit/folderLock.ts";
import type { ProcessIdentity } from "../../../src/local/kit/processIdentity.ts";
import { identifyProcess, isRunning, keepsItsId } from "../../../src/local/kit/processIdentity.ts";
import { temporaryFolder } from "../temporaryFolder.ts";

function newLock(): string {
  return join(temporaryFolder(), "data", "lock");
}

function lockLeftBy(holder: object | string): string {
  const path = newLock();
  lockFolder(path, "service")();
  writeFileSync(path, typeof holder === "string" ? holder : JSON.stringify(holder));
  return path;
}

/** The id of a process that has just ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ["--version"]).pid;
}

/** A process that was killed and whose parent never asks for its exit code. */
async function startZombie(): Promise<ProcessIdentity> {
  const command = "sleep 1000 & echo $!; exec sleep 1000";
  const parent = spawn("/bin/sh", ["-c", command], { stdio: ["ignore", "pipe", "ignore"] });
  onTestFinished(() => void parent.kill("SIGKILL"));
  const [line] = (await once(parent.stdout, "data")) as [Buffer];
  // Until it is that other program, the shell may notice that its child has ended.
  await until(() => psOf(parent.pid, "comm").startsWith("sleep"));
  const identity = identifyProcess(Number(line.toString()));
  if (identity === undefined) throw new Error("The process did not start");
  process.kill(identity.pid, "SIGKILL");
  await until(() => psOf(identity.pid, "stat").startsWith("Z"));
  return identity;
}

function psOf(pid: number | undefined, column: string): string {
  return spawnSync("ps", ["-o", `${column}=`, "-p", String(pid)]).stdout.toString();
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}

test("the second to come is refused and told who holds the lock, even in the same process", ({ expect }) => {
  const path = newLock();
  lockFolder(path, "Batch emulator");

  expect(() => lockFolder(path, "Batch emulator")).toThrow(
    expect.objectContaining({
      code: "DataFolderInUse",
      message: `Another Batch emulator (process ${process.pid}) is using ${dirname(path)}`,
    }),
  );
});

test("a lock that cannot be read is refused with what is wrong with it", ({ expect }) => {
  const path = newLock();
  mkdirSync(path, { recursive: true });

  const refusal = expect.objectContaining({ code: "BadDataFolder", message: expect.stringContaining("EISDIR") });
  expect(() => lockFolder(path, "service")).toThrow(refusal);
  expect(() => holderOf(path)).toThrow(refusal);
});

test.skipIf(!existsSync("/proc/self"))("a lock in a folder that cannot be created is refused at once", ({ expect }) => {
  expect(() => lockFolder("/proc/mp3drop/new/lock", "service")).toThrow(
    expect.objectContaining({ code: "BadDataFolder", hint: expect.stringContaining("--data") }),
  );
});

test("a link to nowhere in the place of the lock is no lock", ({ expect }) => {
  const path = newLock();
  mkdirSync(dirname(path));
  symlinkSync("/nowhere/at/all", path);

  lockFolder(path, "service");

  expect(holderOf(path)).toMatchObject({ pid: process.pid });
});

test("a released lock leaves no file and can be taken again", ({ expect }) => {
  const path = newLock();
  lockFolder(path, "service")();

  expect(readdirSync(dirname(path))).toEqual([]);
  expect(holderOf(path)).toBeUndefined();
  expect(() => lockFolder(path, "service")).not.toThrow();
});

test("releasing a lock spares one that somebody else has put in its place", ({ expect }) => {
  const path = newLock();
  const release = lockFolder(path, "service");
  writeFileSync(path, '{"pid":1}');

  release();

  expect(readFileSync(path, "utf8")).toBe('{"pid":1}');
});

test("releasing twice does not take the lock from the next holder in the same process", ({ expect }) => {
  const path = newLock();
  const release = lockFolder(path, "service");
  release();
  lockFolder(path, "service");

  release();

  expect(holderOf(path)?.pid).toBe(process.pid);
});

test("the lock of a process that was killed does not count", ({ expect }) => {
  const path = lockLeftBy({ pid: deadPid(), startedAt: "1" });

  lockFolder(path, "service");

  expect(holderOf(path)?.pid).toBe(process.pid);
});

test("the lock of a killed process whose parent has not noticed does not count", async ({ expect }) => {
  const zombie = await startZombie();
  const path = lockLeftBy(zombie);

  lockFolder(path, "service");

  expect(holderOf(path)?.pid).toBe(process.pid);
  expect([isRunning(zombie), keepsItsId(zombie)]).toEqual([false, true]);
});

test("a lock whose process id now belongs to another process does not count", ({ expect }) => {
  const path = lockLeftBy({ pid: process.pid, startedAt: "long ago" });

  expect(holderOf(path)).toBeUndefined();
  expect(() => lockFolder(path, "service")).not.toThrow();
});

test.for(['{"pid":', "", "null", "http://127.0.0.1:1/running"])(
  "a lock file that says %j does not count",
  (text, { expect }) => {
    const path = lockLeftBy(text);

    lockFolder(path, "service");

    expect(holderOf(path)).toMatchObject(identifyProcess(process.pid) ?? {});
  },
);

test("a start that was killed while it removed a stale lock does not block the next one", ({ expect }) => {
  const path = lockLeftBy({ pid: deadPid(), startedAt: "1" });
  writeFileSync(`${path}.removing`, JSON.stringify({ pid: deadPid(), startedAt: "2" }));

  lockFolder(path, "service")();

  expect(readdirSync(dirname(path))).toEqual([]);
});

test("a folder that cannot be made is refused with what to do", ({ expect }) => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");

  expect(() => lockFolder(join(file, "data", "lock"), "service")).toThrow(
    expect.objectContaining({ code: "BadDataFolder", hint: expect.stringContaining("--data") }),
  );
});
