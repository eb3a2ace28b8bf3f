import { mkdirSync, rmSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { onTestFinished, test, vi } from "vitest";
import { useLocalStack } from "../../src/cli/convert/localTarget.ts";
import type { DataFolder } from "../../src/local/stack/dataFolder.ts";
import { createDataFolder, dataFolderAt, lockDataFolder } from "../../src/local/stack/dataFolder.ts";
import { guestsOf } from "../../src/local/stack/guests.ts";
import { announceStack } from "../../src/local/stack/stackState.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

const LOOK_MS = 1_000;

/** A guest of a stack that is only announced. The guest looks at the lock whenever the test lets time pass. */
async function enterAnnouncedStack() {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  onTestFinished(() => void vi.useRealTimers());
  const folder = dataFolderAt(temporaryFolder());
  createDataFolder(folder);
  const unlock = lockDataFolder(folder);
  announceStack(folder, connectionOf(folder));
  const guest = await useLocalStack(
    folder,
    { data: folder.path, connectionString: undefined, functionsUrl: undefined, verbose: false },
    { output: recordedOutput().output, env: {}, folder: folder.path, signal: new AbortController().signal },
  );
  onTestFinished(() => guest.close(AbortSignal.abort()));
  let isLost = false;
  guest.lost.catch(() => (isLost = true));
  const look = async (): Promise<boolean> => {
    vi.advanceTimersByTime(LOOK_MS);
    await setImmediate();
    return isLost;
  };
  return { folder, guest, unlock, look };
}

function connectionOf({ path: data }: DataFolder) {
  return {
    storage: { connectionString: "UseDevelopmentStorage=true" },
    batch: { endpoint: "http://127.0.0.1:1", accountName: "local", accountKey: "key" },
    functions: { url: "http://127.0.0.1:2" },
    settings: {
      INPUT_CONTAINER: "videos",
      OUTPUT_CONTAINER: "sounds",
      WORKLOADS: "mp3",
      BATCH_POOL_ID: "mp3drop",
      BATCH_JOB_ID: "mp3drop",
    },
    data,
  };
}

test("a guest uploads to the containers of the stack, not to those of its own environment", async ({ expect }) => {
  const { guest } = await enterAnnouncedStack();

  expect(guest.app.containers).toEqual({ input: "videos", output: "sounds" });
});

test("a guest has lost its stack once the owner lets go of the lock", async ({ expect }) => {
  const { folder, guest, unlock, look } = await enterAnnouncedStack();

  expect(guestsOf(folder)).toHaveLength(1);
  expect(await look()).toBe(false);
  unlock();
  expect(await look()).toBe(true);
  await expect(guest.lost).rejects.toMatchObject({ code: "StackStopped" });
});

test("to a guest, a lock that cannot be read is still held", async ({ expect }) => {
  const { folder, look } = await enterAnnouncedStack();

  rmSync(folder.lock);
  mkdirSync(folder.lock);
  expect(await look()).toBe(false);
  rmSync(folder.lock, { recursive: true });
  expect(await look()).toBe(true);
});
