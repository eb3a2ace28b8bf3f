import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { onTestFinished, test } from "vitest";
import { spawnUnderFileSizeLimit } from "../kit/fullDisk.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { HOST_MAIN, fixtureApp, startHostProcess } from "./hostProcess.ts";

const APP = fixtureApp("basic");

test("on a full disk the host stops with one sentence, and the next one has what was acknowledged", async ({
  expect,
}) => {
  const data = temporaryFolder();
  const { url, rest } = await startOnSmallDisk(data);

  const acknowledged: string[] = [];
  try {
    for (let n = 0; ; n++) {
      const { status } = await fetch(`${url}/api/start/chain/instance-${n}`, { method: "POST", body: "1" });
      if (status === 202) acknowledged.push(`instance-${n}`);
    }
  } catch {
    // The disk is full.
  }

  expect(await rest).toEqual(endOnFullDisk(data));
  const again = await startHostProcess({ app: APP, data });
  onTestFinished(() => void again.end("SIGKILL"));
  expect(acknowledged.length).toBeGreaterThan(0);
  for (const id of acknowledged) {
    expect((await fetch(`${again.url}/api/status/${id}`)).status).toBe(200);
  }
});

test("a request whose effect no longer fits on the disk adds nothing to that sentence", async ({ expect }) => {
  const data = temporaryFolder();
  const { url, rest } = await startOnSmallDisk(data);

  const body = JSON.stringify("x".repeat(100_000));
  const answer = await fetch(`${url}/api/start/chain/large`, { method: "POST", body }).catch(() => undefined);

  expect(answer?.ok).not.toBe(true);
  expect(await rest).toEqual(endOnFullDisk(data));
});

interface End {
  readonly exit: unknown;
  /** Lines on stderr that tell of errors, and the last two. */
  readonly complaints: readonly string[];
  readonly lastLines: readonly string[];
  readonly lastJson: unknown;
}

async function startOnSmallDisk(data: string): Promise<{ url: string; rest: Promise<End> }> {
  const args = ["--app", APP, "--data", data, "--port", "0", "--json"];
  const child = spawnUnderFileSizeLimit(process.execPath, [HOST_MAIN, ...args]);
  onTestFinished(() => void child.kill("SIGKILL"));
  const exited = once(child, "exit");
  const stderr = text(child.stderr);
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const { url } = JSON.parse((await lines.next()).value as string) as { url: string };
  const untilEnd = async (): Promise<End> => {
    const exit: unknown = await exited;
    const said = (await stderr).trimEnd().split("\n");
    return {
      exit,
      complaints: said.filter((line) => /EFBIG|error|^ +at /i.test(line)),
      lastLines: said.slice(-2),
      lastJson: JSON.parse((await lines.next()).value as string),
    };
  };
  return { url, rest: untilEnd() };
}

function endOnFullDisk(data: string): End {
  const message = `${join(data, "functions", "state.journal")} cannot be written: file too large (EFBIG)`;
  const hint = "Free some space and start again: what was acknowledged is kept.";
  const sentence = `StateNotSaved: ${message}`;
  return {
    exit: [2, null],
    complaints: [sentence],
    lastLines: [sentence, hint],
    lastJson: { failure: { code: "StateNotSaved", message, hint } },
  };
}
