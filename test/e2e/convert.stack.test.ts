import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parseBuffer } from "music-metadata";
import { afterAll, beforeAll, test, vi } from "vitest";
import type { ConversionEnd, ConversionMeasures } from "../../src/model/conversionLog.ts";
import { readConversionMessage } from "../../src/model/conversionLog.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { FIXTURE_FFMPEG } from "../fixtureFfmpeg.ts";
import { parseMetrics } from "../parseMetrics.ts";
import { StackUnderTest } from "./stackUnderTest.ts";
import { PATIENCE_MS } from "../patience.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const SILENT = readFileSync("test/fixtures/media/silent-film.mp4");

let stack: StackUnderTest;

beforeAll(async () => {
  stack = await StackUnderTest.start();
});
afterAll(() => stack?.stop());

/** Decodes every frame, so that a file that only looks like an MP3 does not pass. */
function decodedSeconds(bytes: Buffer): number {
  const args = "-v error -nostdin -f mp3 -i pipe:0 -f s16le -ac 1 -ar 8000 pipe:1".split(" ");
  const { status, stdout, stderr } = spawnSync(FIXTURE_FFMPEG, args, {
    input: bytes,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0 || stderr.length > 0) throw new Error(`The MP3 does not decode: ${stderr.toString()}`);
  return stdout.length / 2 / 8000;
}

test("an uploaded MP4 becomes an MP3 that decodes, with its duration, codec and tags", async ({ expect }) => {
  const name = "talks/intro.mp4";

  const id = await stack.upload(name, SAMPLE);
  const record = await stack.recordOf(name, id);

  expect(record).toMatchObject({
    status: "succeeded",
    conversionId: id,
    input: { container: "input", name, sizeBytes: SAMPLE.length, durationSeconds: 3, audioStream: { codec: "aac" } },
    output: { container: "output", name: "talks/intro.mp3", bitrateKbps: expect.closeTo(192, -1) },
    error: null,
    attempts: 1,
    batch: { poolId: "mp3drop", jobId: "mp3drop", taskId: `${id}-1`, nodeId: expect.any(String) },
  });
  const bytes = await stack.download("output", "talks/intro.mp3");
  expect(bytes).toHaveLength(record.output?.sizeBytes ?? 0);
  expect(decodedSeconds(bytes)).toBeCloseTo(3, 0);
  const { format, common } = await parseBuffer(bytes, { mimeType: "audio/mpeg" }, { duration: true });
  expect(format).toMatchObject({ codec: "MPEG 1 Layer 3", duration: expect.closeTo(3, 0) });
  expect(common).toMatchObject({ title: 'Tëst "tone" = 440', artist: "mp3drop", album: "Fixtures" });
  expect(await stack.propertiesOf("talks/intro.mp3")).toMatchObject({
    contentType: "audio/mpeg",
    metadata: { sourcename: "talks%2Fintro.mp4", conversionid: id },
  });
});

test("the status of a conversion ends with its record", async ({ expect }) => {
  const id = await stack.upload("status.mp4", SAMPLE);
  const record = await stack.recordOf("status.mp4", id);

  const view = await stack.viewWhen(id, ({ status }) => status !== "running");

  expect(view).toMatchObject({
    id,
    status: "succeeded",
    phase: "finished",
    input: { container: "input", name: "status.mp4" },
    attempt: 1,
    record,
  });
});

test.for(["0".repeat(32), "nonsense", "..%2f"])("an unknown id, %s, answers 404", async (id, { expect }) => {
  expect(await stack.request("GET", id)).toMatchObject({ status: 404, body: { code: "ConversionNotFound" } });
  expect(await stack.request("DELETE", id)).toMatchObject({ status: 404, body: { code: "ConversionNotFound" } });
});

test.concurrent.for([
  ["a space", "with space.mp4"],
  ["quotes", "quotes ' and \".mp4"],
  ["a command", "$(touch pwned).mp4"],
  ["several commands", "`touch pwned`;touch pwned&&x.mp4"],
  ["characters of URLs", "100%41+#?.mp4"],
  ["characters of other scripts", "täst 日本語 😀.mp4"],
  ["capitals", "LOUD.MP4"],
  ["several dots", "my.movie.mp4"],
  ["ten folders", "1/2/3/4/5/6/7/8/9/10/deep.mp4"],
  ["two hundred folders", `${"long/".repeat(203)}long.mp4`],
  ["1,024 characters", `${"x".repeat(1020)}.mp4`],
] as const)("a name with %s is only data", async ([, name], { expect }) => {
  const record = await stack.convert(name, SAMPLE);

  expect(record).toMatchObject({ status: "succeeded", output: { name: mp3.resultNameFor(name) } });
  expect(decodedSeconds(await stack.download("output", mp3.resultNameFor(name)))).toBeCloseTo(3, 0);
});

test("names that differ only in their case are different videos", async ({ expect }) => {
  const names = ["case/talk.mp4", "case/talk.MP4", "case/Talk.mp4"];
  const records = await Promise.all(names.map((name) => stack.convert(name, SAMPLE)));

  expect(records.map(({ output }) => output?.name)).toEqual(["case/talk.mp3", "case/talk.MP3", "case/Talk.mp3"]);
});

test.concurrent.for([
  ["a video without sound", "silent.mp4", SILENT, "NoAudioStream"],
  ["a text", "text.mp4", Buffer.from("not a video\n"), "UnreadableInput"],
  ["an empty blob", "empty.mp4", Buffer.alloc(0), "UnreadableInput"],
] as const)("%s ends as a failed record with a code, a hint and a log", async ([, name, content, code], { expect }) => {
  const record = await stack.convert(name, content);

  expect(record).toMatchObject({
    status: "failed",
    output: null,
    error: { code, hint: expect.stringMatching(/\w/), logBlob: `${mp3.resultNameFor(name)}.log` },
    attempts: 1,
  });
  expect(await stack.namesIn("output")).not.toContain(mp3.resultNameFor(name));
});

test("the metrics are what the log says of the ends of all conversions", async ({ expect }) => {
  await stack.convert("counted.mp4", SAMPLE);
  await stack.convert("counted-silent.mp4", SILENT);

  await vi.waitFor(async () => {
    const ends = stack.lines.flatMap(endsIn);
    const names = ends.map((end) => end.name);
    expect(names).toEqual(expect.arrayContaining(["counted.mp4", "counted-silent.mp4"]));
    const sumOf = (measure: keyof ConversionMeasures): number =>
      ends.reduce((total, { measures }) => total + (measures?.[measure] ?? 0), 0);
    const good = ends.filter(({ outcome }) => outcome === "succeeded");
    const { samples } = parseMetrics(await stack.metrics());
    expect(samples).toMatchObject({
      'mp3drop_conversions_ended_total{outcome="succeeded",code=""}': good.length,
      'mp3drop_conversions_ended_total{outcome="failed",code="NoAudioStream"}': ends.filter(
        ({ failure }) => failure?.code === "NoAudioStream",
      ).length,
      mp3drop_conversion_attempts_count: ends.length,
      mp3drop_conversion_attempts_sum: sumOf("attempts"),
      mp3drop_conversion_queued_seconds_sum: expect.closeTo(sumOf("queuedSeconds"), 2),
      mp3drop_conversion_converting_seconds_sum: expect.closeTo(sumOf("convertingSeconds"), 2),
      mp3drop_conversion_publishing_seconds_sum: expect.closeTo(sumOf("publishingSeconds"), 2),
      mp3drop_input_bytes_total: good.length * SAMPLE.length,
      mp3drop_audio_seconds_total: expect.closeTo(sumOf("audioSeconds"), 2),
      mp3drop_batch_up: 1,
      'mp3drop_job_tasks{state="running"}': expect.any(Number),
      'mp3drop_pool_nodes{kind="dedicated",state="idle"}': expect.any(Number),
    });
  }, PATIENCE_MS);
});

function endsIn(line: string): ConversionEnd[] {
  const message = readConversionMessage(/Conversion ended: .*$/.exec(line)?.[0] ?? "");
  return message?.event === "ended" ? [message] : [];
}

test("a blob that is not an MP4 is ignored", async ({ expect }) => {
  await stack.upload("notes.txt", Buffer.from("hello"));
  await stack.convert("after-the-notes.mp4", SAMPLE);

  expect((await stack.namesIn("output")).filter((name) => name.startsWith("notes"))).toEqual([]);
});

test("uploading the same name again is a new conversion, and its record replaces the older one", async ({ expect }) => {
  const first = await stack.convert("again.mp4", SILENT);
  const second = await stack.convert("again.mp4", SAMPLE);

  expect([first.status, second.status]).toEqual(["failed", "succeeded"]);
  expect(second.conversionId).not.toBe(first.conversionId);
});

test("a conversion that has succeeded can be neither cancelled nor retried", async ({ expect }) => {
  const id = await stack.upload("done.mp4", SAMPLE);
  await stack.viewWhen(id, ({ status }) => status === "succeeded");

  expect(await stack.request("DELETE", id)).toMatchObject({ status: 409, body: { code: "ConversionEnded" } });
  expect(await stack.request("POST", `${id}/retry`)).toMatchObject({
    status: 409,
    body: { code: "ConversionNotFailed" },
  });
});

test("nothing is left in the staging container, and no SAS was logged, recorded or written into a history", async ({
  expect,
}) => {
  await stack.convert("last.mp4", SAMPLE);

  await expect.poll(() => stack.namesIn("work")).toEqual([]);
  const names = (await stack.namesIn("output")).filter((name) => !name.toLowerCase().endsWith(".mp3"));
  const blobs = await Promise.all(names.map(async (name) => (await stack.download("output", name)).toString()));
  const written = [...blobs, ...stack.lines, ...stack.filesOfHostAndLogs()];
  expect(written.some((text) => text.includes("last.mp4"))).toBe(true);
  expect(written.filter((text) => /[?&]sig=|AccountKey=/.test(text))).toEqual([]);
});
