import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, test } from "vitest";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";
import { FIXTURE_FFMPEG } from "../fixtureFfmpeg.ts";
import { StackUnderTest } from "./stackUnderTest.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");

let folder: string;
let stack: StackUnderTest;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "mp3drop-upgrade-"));
  const script = readFileSync("test/fixtures/slowFfmpeg.sh", "utf8");
  const slow = join(folder, "ffmpeg");
  writeFileSync(slow, script.replace("REAL_FFMPEG", FIXTURE_FFMPEG).replace("FOLDER", folder), {
    mode: 0o755,
  });
  letConversionsEnd();
  const settings = { FFMPEG_PATH: slow, SWEEP_SCHEDULE: "* * * * * *", BATCH_TASK_SLOTS_PER_NODE: "2" };
  stack = await StackUnderTest.start(settings, { app: previousRelease() });
});

afterEach(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

/** The conversions do not end before the test lets them. */
function holdConversions(): void {
  rmSync(join(folder, "go"));
}

function letConversionsEnd(): void {
  writeFileSync(join(folder, "go"), "");
}

/** The app as it is built, with another version of the orchestration, which asks for the pool twice and polls elsewhen. */
function previousRelease(): string {
  const app = join(folder, "app");
  for (const name of ["dist", "package.json", "host.json"]) cpSync(name, join(app, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(app, "node_modules"));
  const change = (file: string, from: string, to: string): void => {
    const path = join(app, "dist/orchestrations", file);
    const code = readFileSync(path, "utf8");
    if (!code.includes(from)) throw new Error(`${file} no longer has "${from}"`);
    writeFileSync(path, code.replace(from, to));
  };
  const version = "ORCHESTRATION_VERSION = ";
  change("contract.js", `${version}${ORCHESTRATION_VERSION}`, `${version}${ORCHESTRATION_VERSION - 1}`);
  const submit = "const submitted = yield* submitTask(input, briefRetry);";
  change("submit.js", submit, `yield* submitTask(input, briefRetry); ${submit}`);
  change("polling.js", "growth: 0.5", "growth: 0.1");
  return app;
}

test("an upgrade while conversions wait, convert and publish loses none, and does nothing again", async ({
  expect,
}) => {
  await stack.lockOutput("published.mp3.json");
  const publishing = await stack.upload("published.mp4", SAMPLE);
  await stack.viewWhen(publishing, ({ phase, waitReason }) => phase === "publishing" && waitReason !== null);
  holdConversions();
  const converting = [await stack.upload("one.mp4", SAMPLE), await stack.upload("two.mp4", SAMPLE)];
  for (const id of converting) await stack.viewWhen(id, ({ phase }) => phase === "converting");
  const waiting = [await stack.upload("three.mp4", SAMPLE), await stack.upload("four.mp4", SAMPLE)];
  for (const id of waiting) await stack.viewWhen(id, ({ phase }) => phase === "waiting");

  letConversionsEnd();
  stack = await stack.restart({});
  await stack.unlockOutput("published.mp3.json");

  const all = [publishing, ...converting, ...waiting];
  for (const id of all) {
    const { record } = await stack.viewWhen(id, ({ status }) => status !== "running");
    expect(record).toMatchObject({ status: "succeeded", attempts: 1, batch: { taskId: `${id}-1` } });
  }
  const names = ["four", "one", "published", "three", "two"].flatMap((name) =>
    ["", ".json", ".log"].map((end) => `${name}.mp3${end}`),
  );
  expect(await stack.namesIn("output")).toEqual(names);
  const said = (text: string): number => stack.lines.filter((line) => line.includes(text)).length;
  for (const id of all) {
    expect(said(`Conversion ${id} began with version ${ORCHESTRATION_VERSION - 1}`)).toBe(1);
    expect(said(`Conversion ended: {"conversionId":"${id}"`)).toBe(1);
  }
});
