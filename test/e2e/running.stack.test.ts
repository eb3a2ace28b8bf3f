import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { COMMANDS } from "../../src/cli/commandTable.ts";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import { recordedOutput } from "../local/kit/commandLine/recordedOutput.ts";
import { StackUnderTest } from "./stackUnderTest.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");

let bin: string;
let stack: StackUnderTest;

/** The conversions of this stack do not end before a test lets them. */
beforeAll(async () => {
  bin = mkdtempSync(join(tmpdir(), "mp3drop-slow-"));
  const script = readFileSync("test/fixtures/slowFfmpeg.sh", "utf8");
  const slow = join(bin, "ffmpeg");
  writeFileSync(slow, script.replace("REAL_FFMPEG", findFfmpeg(process.env).ffmpeg).replace("FOLDER", bin), {
    mode: 0o755,
  });
  stack = await StackUnderTest.start({ FFMPEG_PATH: slow });
});

afterAll(async () => {
  await stack?.stop();
  rmSync(bin, { recursive: true });
});

beforeEach(() => rmSync(join(bin, "go"), { force: true }));

function letConversionsEnd(): void {
  writeFileSync(join(bin, "go"), "");
}

test("a running conversion that is cancelled leaves a record and no MP3, and can be run again", async ({ expect }) => {
  const id = await stack.upload("cancelled.mp4", SAMPLE);
  await stack.viewWhen(id, ({ phase }) => phase === "converting");

  expect(await stack.request("DELETE", id)).toMatchObject({ status: 202, body: { id } });
  const cancelled = await stack.viewWhen(id, ({ status }) => status !== "running");

  expect(cancelled).toMatchObject({
    status: "cancelled",
    record: { status: "cancelled", error: { code: "Cancelled" } },
  });
  const names = await stack.namesIn("output");
  expect(names.filter((name) => name.startsWith("cancelled"))).toEqual(["cancelled.mp3.json"]);

  letConversionsEnd();
  expect(await stack.request("POST", `${id}/retry`)).toMatchObject({ status: 202, body: { status: "running" } });
  const again = await stack.viewWhen(id, ({ status }) => status === "succeeded");
  expect(again.record).toMatchObject({ status: "succeeded", attempts: 2, batch: { taskId: `${id}-2` } });
});

test("a video that is replaced while it is converted ends as superseded, and the newer MP3 is there", async ({
  expect,
}) => {
  const older = await stack.upload("replaced.mp4", SAMPLE);
  await stack.viewWhen(older, ({ phase }) => phase === "converting");

  letConversionsEnd();
  const newer = await stack.upload("replaced.mp4", SAMPLE);
  const record = await stack.recordOf("replaced.mp4", newer);

  expect(record.status).toBe("succeeded");
  // It may have noticed by itself.
  expect([202, 409]).toContain((await stack.request("DELETE", older)).status);
  expect(await stack.viewWhen(older, ({ status }) => status !== "running")).toMatchObject({
    status: "superseded",
    record: null,
  });
  expect(await stack.propertiesOf("replaced.mp3")).toMatchObject({ metadata: { conversionid: newer } });
});

test("a video that is deleted while it is converted, and cancelled, leaves a record", async ({ expect }) => {
  const id = await stack.upload("deleted.mp4", SAMPLE);
  await stack.viewWhen(id, ({ phase }) => phase === "converting");

  await stack.deleteInput("deleted.mp4");
  await stack.request("DELETE", id);

  expect(await stack.viewWhen(id, ({ status }) => status !== "running")).toMatchObject({
    record: { status: "cancelled" },
  });
});

test("from the command line a video is listed, cancelled, converted after all, and cleaned away with job and pool", async ({
  expect,
}) => {
  const id = await stack.upload("managed.mp4", SAMPLE);
  await stack.viewWhen(id, ({ phase }) => phase === "converting");
  const failing = await stack.upload("broken.mp4", Buffer.from("no video"));
  await stack.viewWhen(failing, ({ status }) => status === "failed");

  expect((await mp3drop("list", "--prefix", "managed")).stdout).toMatch(
    new RegExp(`^… converting .*${id}  managed.mp4`),
  );
  expect((await mp3drop("status", "some/folder/managed.mp4")).stdout).toContain("status     converting");
  expect((await mp3drop("log", "broken.mp4")).stdout).toContain("Invalid data found");
  expect(await mp3drop("clean", "--only", "job,pool", "--yes")).toMatchObject({ exitCode: 1, stdout: "" });
  expect(await mp3drop("cancel", "managed.mp4")).toMatchObject({ exitCode: 0 });
  await stack.viewWhen(id, ({ status }) => status === "cancelled");
  expect(await mp3drop("cancel", id)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining("ConversionEnded"),
  });

  letConversionsEnd();
  expect(await mp3drop("retry", id)).toMatchObject({ exitCode: 0, stdout: `${id}: is being tried again\n` });
  await stack.viewWhen(id, ({ status }) => status === "succeeded");
  const again = await mp3drop("retry", "--failed", "--code", "UnreadableInput", "--json");
  expect(JSON.parse(again.stdout)).toMatchObject({ conversions: [{ id: failing, outcome: "started" }] });
  await stack.viewWhen(failing, ({ status, attempt }) => status === "failed" && attempt === 2);
  expect((await mp3drop("list", "--prefix", "broken", "--status", "succeeded")).stdout).toBe("");

  const cleaned = await mp3drop("clean", "--yes", "--json");
  expect(cleaned.exitCode).toBe(0);
  expect(JSON.parse(cleaned.stdout)).toMatchObject({
    inputs: { deleted: expect.arrayContaining(["managed.mp4"]), kept: [] },
    jobs: { deleted: ["mp3drop"] },
    pool: { deleted: "mp3drop" },
  });
  const names = await stack.namesIn("input");
  expect(names).toContain("broken.mp4");
  expect(names).not.toContain("managed.mp4");
  expect(await stack.namesIn("output")).toContain("managed.mp3");
});

/** A command of mp3drop, for this stack. */
async function mp3drop(name: string, ...args: readonly string[]) {
  const command = COMMANDS.find((candidate) => candidate.name === name);
  const { output, stdout, stderr } = recordedOutput();
  const context = { output, env: process.env, folder: bin, signal: new AbortController().signal };
  const exitCode = await command?.run([...args, "--data", stack.data], context);
  return { exitCode, stdout: stdout(), stderr: stderr() };
}
