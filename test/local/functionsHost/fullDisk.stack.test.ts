import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { test } from "vitest";
import { spawnUnderFileSizeLimit } from "../kit/fullDisk.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { HOST_MAIN, fixtureApp, startHostProcess } from "./hostProcess.ts";

test("on a full disk the host stops with one sentence, and the next one has what was acknowledged", async ({
  expect,
  onTestFinished,
}) => {
  const data = temporaryFolder();
  const app = fixtureApp("basic");
  const args = ["--app", app, "--data", data, "--port", "0", "--json"];
  const child = spawnUnderFileSizeLimit(process.execPath, [HOST_MAIN, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const stderr = text(child.stderr);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { url } = JSON.parse((await lines.next()).value as string) as { url: string };

  const acknowledged: string[] = [];
  try {
    for (let n = 0; ; n++) {
      const { status } = await fetch(`${url}/api/start/chain/instance-${n}`, { method: "POST", body: "1" });
      if (status === 202) acknowledged.push(`instance-${n}`);
    }
  } catch {
    // The disk is full.
  }

  expect(await exited).toEqual([2, null]);
  const journal = join(data, "functions", "state.journal");
  const message = `${journal} cannot be written: file too large (EFBIG)`;
  const hint = "Free some space and start again: what was acknowledged is kept.";
  const said = (await stderr).split("\n");
  expect(said.slice(-3)).toEqual([`StateNotSaved: ${message}`, hint, ""]);
  expect(said.filter((line) => /EFBIG|error/i.test(line))).toHaveLength(1);
  expect(JSON.parse((await lines.next()).value as string)).toEqual({
    failure: { code: "StateNotSaved", message, hint },
  });
  const again = await startHostProcess({ app, data });
  onTestFinished(() => void again.end("SIGKILL"));
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const id of acknowledged) {
    expect((await fetch(`${again.url}/api/status/${id}`)).status).toBe(200);
  }
});
