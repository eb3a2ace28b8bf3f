import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BlobServiceClient } from "@azure/storage-blob";
import { parseBuffer } from "music-metadata";
import { afterAll, beforeAll, test, vi } from "vitest";
import type { ConversionRecord, ConversionView } from "../../src/conversion.ts";
import { mp3NameFor, normalizeETag } from "../../src/conversion.ts";
import { conversionIdOf, recordNameFor } from "../../src/conversionId.ts";
import { findFfmpeg } from "../../src/local/ffmpeg.ts";
import type { LocalStack } from "../../src/local/stack.ts";
import { startLocalStack } from "../../src/local/stack.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const SILENT = readFileSync("test/fixtures/media/silent-film.mp4");

let data: string;
let stack: LocalStack;
let account: BlobServiceClient;
const lines: string[] = [];

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), "mp3drop-"));
  const ports = { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 };
  stack = await startLocalStack({
    data,
    ports,
    env: process.env,
    onLine: (service, line) => lines.push(`${service}: ${line}`),
  });
  account = BlobServiceClient.fromConnectionString(stack.connection.storage.connectionString);
});

afterAll(async () => {
  await stack?.stop();
  rmSync(data, { recursive: true, force: true });
});

async function upload(name: string, content: Buffer): Promise<string> {
  const blob = account.getContainerClient("input").getBlockBlobClient(name);
  const { etag } = await blob.upload(content, content.length);
  return conversionIdOf({ container: "input", name, eTag: normalizeETag(etag ?? "") });
}

/** Waits for the record of this very conversion. */
async function recordOf(name: string, conversionId: string): Promise<ConversionRecord> {
  const blob = account.getContainerClient("output").getBlobClient(recordNameFor(name));
  return vi.waitFor(
    async () => {
      const record = JSON.parse((await blob.downloadToBuffer()).toString()) as ConversionRecord;
      if (record.conversionId !== conversionId)
        throw new Error(`The record of ${name} is still that of another version`);
      return record;
    },
    { timeout: 50_000, interval: 100 },
  );
}

async function convert(name: string, content: Buffer): Promise<ConversionRecord> {
  return recordOf(name, await upload(name, content));
}

async function view(id: string): Promise<{ status: number; body: ConversionView }> {
  const response = await fetch(`${stack.connection.functions.url}/api/conversions/${id}`);
  return { status: response.status, body: (await response.json()) as ConversionView };
}

async function namesIn(container: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of account.getContainerClient(container).listBlobsFlat()) names.push(name);
  return names;
}

/** Decodes every frame, so that a file that only looks like an MP3 does not pass. */
function decodedSeconds(mp3: Buffer): number {
  const args = [
    "-v",
    "error",
    "-nostdin",
    "-f",
    "mp3",
    "-i",
    "pipe:0",
    "-f",
    "s16le",
    "-ac",
    "1",
    "-ar",
    "8000",
    "pipe:1",
  ];
  const { status, stdout, stderr } = spawnSync(findFfmpeg(process.env).ffmpeg, args, {
    input: mp3,
    maxBuffer: 2 ** 28,
  });
  if (status !== 0 || stderr.length > 0) throw new Error(`The MP3 does not decode: ${stderr.toString()}`);
  return stdout.length / 2 / 8000;
}

test("an uploaded MP4 becomes an MP3 that decodes, with its duration, codec and tags", async ({ expect }) => {
  const name = "talks/intro.mp4";

  const id = await upload(name, SAMPLE);
  const record = await recordOf(name, id);

  expect(record).toMatchObject({
    status: "succeeded",
    conversionId: id,
    input: { container: "input", name, sizeBytes: SAMPLE.length, durationSeconds: 3, audioStream: { codec: "aac" } },
    output: { container: "output", name: "talks/intro.mp3", bitrateKbps: expect.closeTo(192, -1) },
    error: null,
    batch: { poolId: "mp3drop", jobId: "mp3drop", taskId: `${id}-1`, nodeId: expect.any(String) },
    attempts: 1,
  });
  const blob = account.getContainerClient("output").getBlobClient("talks/intro.mp3");
  const mp3 = await blob.downloadToBuffer();
  expect(mp3).toHaveLength(record.output?.sizeBytes ?? 0);
  expect(decodedSeconds(mp3)).toBeCloseTo(3, 0);
  const { format, common } = await parseBuffer(mp3, { mimeType: "audio/mpeg" }, { duration: true });
  expect(format).toMatchObject({ codec: "MPEG 1 Layer 3", duration: expect.closeTo(3, 0) });
  expect(common).toMatchObject({ title: 'Tëst "tone" = 440', artist: "mp3drop", album: "Fixtures" });
  expect(await blob.getProperties()).toMatchObject({
    contentType: "audio/mpeg",
    metadata: { sourcename: "talks%2Fintro.mp4", conversionid: id },
  });
});

test("the status of a conversion ends with its record", async ({ expect }) => {
  const id = await upload("status.mp4", SAMPLE);
  const record = await recordOf("status.mp4", id);

  await expect.poll(async () => (await view(id)).body.status, { timeout: 10_000 }).toBe("succeeded");
  expect(await view(id)).toMatchObject({
    status: 200,
    body: { id, phase: "finished", input: { container: "input", name: "status.mp4" }, attempt: 1, record },
  });
});

test.for(["0".repeat(32), "nonsense", "..%2f"])("an unknown id, %s, answers 404", async (id, { expect }) => {
  const response = await fetch(`${stack.connection.functions.url}/api/conversions/${id}`);

  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code: "ConversionNotFound" });
});

test.concurrent.for([
  "with space.mp4",
  "quotes ' and \".mp4",
  "$(touch pwned).mp4",
  "`touch pwned`;touch pwned&&x.mp4",
  "100%41+#?.mp4",
  "täst 日本語 😀.mp4",
  "LOUD.MP4",
  "my.movie.mp4",
  "1/2/3/4/5/6/7/8/9/10/deep.mp4",
])("the name %s is only data", async (name, { expect }) => {
  const record = await convert(name, SAMPLE);

  expect(record).toMatchObject({ status: "succeeded", output: { name: mp3NameFor(name) } });
  const mp3 = await account.getContainerClient("output").getBlobClient(mp3NameFor(name)).downloadToBuffer();
  expect(decodedSeconds(mp3)).toBeCloseTo(3, 0);
});

test.concurrent.for([
  ["a video without sound", "silent.mp4", SILENT, "NoAudioStream"],
  ["a text", "text.mp4", Buffer.from("not a video\n"), "UnreadableInput"],
  ["an empty blob", "empty.mp4", Buffer.alloc(0), "UnreadableInput"],
] as const)("%s ends as a failed record with a code, a hint and a log", async ([, name, content, code], { expect }) => {
  const record = await convert(name, content);

  expect(record).toMatchObject({
    status: "failed",
    output: null,
    error: { code, hint: expect.stringMatching(/\w/), logBlob: `${mp3NameFor(name)}.log` },
    attempts: 1,
  });
  expect(await namesIn("output")).not.toContain(mp3NameFor(name));
});

test("a blob that is no MP4 is ignored", async ({ expect }) => {
  await upload("notes.txt", Buffer.from("hello"));
  await convert("after-the-notes.mp4", SAMPLE);

  expect((await namesIn("output")).filter((name) => name.startsWith("notes"))).toEqual([]);
});

test("uploading the same name again is a new conversion, and its record replaces the older one", async ({ expect }) => {
  const first = await convert("again.mp4", SILENT);
  const second = await convert("again.mp4", SAMPLE);

  expect([first.status, second.status]).toEqual(["failed", "succeeded"]);
  expect(second.conversionId).not.toBe(first.conversionId);
});

test("nothing is left in the staging container, and no secret was logged or recorded", async ({ expect }) => {
  await convert("last.mp4", SAMPLE);

  await expect.poll(() => namesIn("work"), { timeout: 10_000 }).toEqual([]);
  expect(lines.filter((line) => /[?&]sig=/.test(line))).toEqual([]);
  for (const name of (await namesIn("output")).filter((found) => found.endsWith(".json"))) {
    const text = (await account.getContainerClient("output").getBlobClient(name).downloadToBuffer()).toString();
    expect(text).not.toMatch(/[?&]sig=/);
  }
});
