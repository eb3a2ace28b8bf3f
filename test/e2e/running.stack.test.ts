import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
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
