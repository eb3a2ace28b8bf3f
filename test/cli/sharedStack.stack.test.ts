import { readFileSync } from "node:fs";
import { onTestFinished, test } from "vitest";
import { useLocalStack } from "../../src/cli/convert/localTarget.ts";
import type { ProcessIdentity } from "../../src/local/kit/processIdentity.ts";
import { isRunning } from "../../src/local/kit/processIdentity.ts";
import type { DataFolder } from "../../src/local/stack/dataFolder.ts";
import { dataFolderAt, lockHolder } from "../../src/local/stack/dataFolder.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";

test("the owner of a failed stack does not wait for its guests, and they learn of it", async ({ expect }) => {
  const folder = dataFolderAt(temporaryFolder());
  const { output, stderr } = recordedOutput();
  const enter = () =>
    useLocalStack(
      folder,
      { data: folder.path, connectionString: undefined, functionsUrl: undefined, verbose: false },
      { output, env: process.env, folder: folder.path, signal: new AbortController().signal },
    );
  const owner = await enter();
  onTestFinished(() => owner.close(AbortSignal.abort()));
  const guest = await enter();
  onTestFinished(() => guest.close(AbortSignal.abort()));

  const killing = setInterval(() => killNewest(folder), 100);
  await expect(owner.lost).rejects.toMatchObject({ code: "StackStopped" });
  clearInterval(killing);
  await owner.close(new AbortController().signal);

  expect(lockHolder(folder)).toBeUndefined();
  await expect(guest.lost).rejects.toMatchObject({ code: "StackStopped" });
  expect(stderr()).not.toContain("still using this stack");
});

/** The service that was started last, until the stack gives it up. */
function killNewest(folder: DataFolder): void {
  const services = JSON.parse(readFileSync(folder.children, "utf8")) as ProcessIdentity[];
  const newest = services.findLast(isRunning);
  if (newest !== undefined) process.kill(newest.pid, "SIGKILL");
}
