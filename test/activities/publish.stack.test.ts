import { text } from "node:stream/consumers";
import { beforeEach, test } from "vitest";
import type { PublishInput } from "../../src/activities/publish.ts";
import { publish } from "../../src/activities/publish.ts";
import { readTask } from "../../src/activities/readTask.ts";
import { recordFailure } from "../../src/activities/recordFailure.ts";
import type { TaskReading } from "../../src/model/batchTask.ts";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { normalizeETag } from "../../src/model/conversion.ts";
import { ConflictError, StorageError } from "../../src/model/errors.ts";
import { failureOf } from "../../src/model/failures.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import type { BlobAddress, Services } from "../../src/services.ts";
import { stagedBlobs } from "../../src/results/staging.ts";
import type { AzuriteServices } from "../azuriteServices.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";
import { parseMetrics } from "../parseMetrics.ts";

const NAME = "täl ks/it's 100% #1+?.mp4";
const MP3_NAME = "täl ks/it's 100% #1+?.mp3";
const MP3_BYTES = "ID3 pretend this is music";
const failure = { code: "NoAudioStream", message: "The video has no audio stream", hint: "h" } as const;

const azurite = useAzurite();
let storage: AzuriteServices;
let services: Services;
let containers: Services["config"]["containers"];
let MP3: BlobAddress;

beforeEach(async () => {
  storage = await azuriteServices(azurite.connectionString);
  services = storage.services;
  containers = services.config.containers;
  MP3 = { container: containers.output, name: MP3_NAME };
});

/** Uploads a video, and stages the results that a task would have made of it. */
async function converted(content = "video one", attempt = 1, mp3 = MP3_BYTES): Promise<PublishInput> {
  const { etag } = await storage.account
    .getContainerClient(containers.input)
    .getBlockBlobClient(NAME)
    .upload(content, content.length);
  const source = { container: containers.input, name: NAME, eTag: normalizeETag(etag ?? "") };
  const conversionId = conversionIdOf("mp3", source);
  const staged = stagedBlobs(containers.staging, conversionId, attempt);
  const stream = {
    index: 1,
    codec_type: "audio",
    codec_name: "aac",
    sample_rate: "44100",
    channels: 2,
    duration: "3.0",
  };
  const report = {
    outcome: "Converted",
    resultBytes: mp3.length,
    ffmpegVersion: "6.1",
    streamIndex: 1,
    source: { streams: [stream], format: { duration: "3.0" } },
    result: { format: { duration: "3.05", bit_rate: "192000" } },
  };
  await services.blobs.writeText(staged.result, mp3, { contentType: "application/octet-stream" });
  await services.blobs.writeText(staged.report, JSON.stringify(report), { contentType: "application/json" });
  await services.blobs.writeText(staged.stderr, "ffmpeg's log", { contentType: "text/plain" });
  const task = { poolId: "mp3drop", jobId: "mp3drop", taskId: `${conversionId}-${attempt}` };
  return {
    conversionId,
    workload: "mp3",
    source,
    attempt,
    startedAt: "2026-01-01T12:00:00.000Z",
    submission: {
      task,
      submittedAt: "2026-01-01T12:00:01.000Z",
      waitingSeconds: 60,
      convertingSeconds: 60,
      accessUntil: "2026-01-02T00:00:00.000Z",
    },
    completed: {
      state: "completed",
      succeeded: true,
      exitCode: 0,
      failure: null,
      startedAt: "2026-01-01T12:00:02.000Z",
      endedAt: "2026-01-01T12:00:03.000Z",
      nodeId: "node-1",
    },
  };
}

/** Runs `interrupt` when an activity is about to write its record. */
function interruptedAtRecord(interrupt: () => Promise<unknown>): Services {
  const writeText: Services["blobs"]["writeText"] = async (blob, ...rest) => {
    if (blob.container === containers.output) await interrupt();
    return services.blobs.writeText(blob, ...rest);
  };
  return { ...services, blobs: { ...services.blobs, writeText } };
}

/** As `converted`, but publishing broke off before the record. */
async function copiedOnly(content?: string): Promise<PublishInput> {
  const input = await converted(content);
  await publish(
    interruptedAtRecord(() => Promise.reject(new Error("killed"))),
    input,
  ).catch(() => {});
  return input;
}

async function countedEnds(): Promise<Record<string, number>> {
  const { samples } = parseMetrics(await services.metrics.text(undefined));
  const ends = Object.entries(samples).flatMap(([name, count]) => {
    const labels = /^mp3drop_conversions_ended_total\{(.*)\}$/.exec(name)?.[1];
    return labels === undefined || count === 0 ? [] : [[labels, count] as const];
  });
  return Object.fromEntries(ends);
}

async function recordNow(): Promise<ConversionRecord> {
  return JSON.parse(await contentOf({ container: containers.output, name: `${MP3.name}.json` })) as ConversionRecord;
}

function decisionOf({ conversionId }: PublishInput): string {
  return `decisions/${conversionId}.json`;
}

async function namesIn(container: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of storage.account.getContainerClient(container).listBlobsFlat()) names.push(name);
  return names;
}

async function contentOf({ container, name }: BlobAddress): Promise<string> {
  const { readableStreamBody } = await storage.account.getContainerClient(container).getBlobClient(name).download();
  return readableStreamBody === undefined ? "" : text(readableStreamBody);
}

test("a good result is copied with its type and metadata, recorded, and cleared from staging", async ({ expect }) => {
  const input = await converted();

  const published = await publish(services, input);

  const mp3 = await services.blobs.properties(MP3);
  expect(mp3).toMatchObject({
    sizeBytes: MP3_BYTES.length,
    contentType: "audio/mpeg",
    metadata: {
      sourcename: encodeURIComponent(NAME),
      sourceetag: input.source.eTag,
      conversionid: input.conversionId,
    },
  });
  const record = {
    schemaVersion: 1,
    status: "succeeded",
    conversionId: input.conversionId,
    workload: "mp3",
    input: { ...input.source, sizeBytes: 9, durationSeconds: 3, audioStream: { index: 1, codec: "aac", channels: 2 } },
    output: { ...MP3, sizeBytes: MP3_BYTES.length, durationSeconds: 3.05, bitrateKbps: 192 },
    error: null,
    times: {
      startedAt: "2026-01-01T12:00:00.000Z",
      submittedAt: "2026-01-01T12:00:01.000Z",
      convertingAt: "2026-01-01T12:00:02.000Z",
      convertedAt: "2026-01-01T12:00:03.000Z",
      recordedAt: "2026-01-01T12:30:00.000Z",
    },
    attempts: 1,
    batch: { ...input.submission.task, nodeId: "node-1" },
    tools: { ffmpeg: "6.1" },
  };
  expect(published).toMatchObject({ status: "published", record });
  expect(JSON.parse(await contentOf({ container: containers.output, name: `${MP3.name}.json` }))).toMatchObject(record);
  expect(await contentOf({ container: containers.output, name: `${MP3.name}.log` })).toBe("ffmpeg's log");
  expect(await namesIn(containers.staging)).toEqual([]);
  expect(await namesIn(containers.application)).toContain(decisionOf(input));
});

test("a look that has published and deleted its task says so when it is run again, because its answer was lost", async ({
  expect,
}) => {
  const { completed, ...input } = await converted();
  let task: TaskReading = completed;
  const batch: Services["batch"] = {
    ...services.batch,
    readTask: async () => task,
    deleteTask: async () => void (task = { state: "lost", reason: "Task x is no longer in job mp3drop" }),
  };

  const first = await readTask({ ...services, batch }, input);
  const again = await readTask({ ...services, batch }, input);

  expect(first).toMatchObject({ state: "completed", published: { status: "published" } });
  expect(again).toMatchObject({ state: "published", published: { record: await recordNow() } });
});

test("a task that is lost before anything is decided is lost", async ({ expect }) => {
  const { completed: _, ...input } = await converted();
  const lost = { state: "lost", reason: "Task x is no longer in job mp3drop" } as const;
  const batch: Services["batch"] = { ...services.batch, readTask: async () => lost };

  expect(await readTask({ ...services, batch }, input)).toEqual(lost);
});

test("a first conversion is published and listed with eleven requests to storage in five rounds", async ({
  expect,
}) => {
  const input = await converted();
  const rounds: string[][] = [];
  let underWay = 0;
  const counted = Object.entries(services.blobs).map(([name, method]: [string, (...args: never[]) => unknown]) => [
    name,
    name === "url"
      ? method
      : async (...args: never[]) => {
          if (underWay++ === 0) rounds.push([]);
          rounds.at(-1)?.push(name);
          return Promise.resolve(method(...args)).finally(() => underWay--);
        },
  ]);

  const { result } = stagedBlobs(containers.staging, input.conversionId, 1);
  await services.blobs.setContentType(result, "audio/mpeg");

  await publish({ ...services, blobs: Object.fromEntries(counted) as Services["blobs"] }, input);

  expect(rounds.map((round) => round.toSorted())).toEqual([
    ["properties", "properties", "readText"],
    ["writeText"],
    ["copy", "copy"],
    ["writeText"],
    ["delete", "delete", "delete", "writeText"],
  ]);
});

test("what somebody else has put in the place of a first result or log is replaced at once", async ({ expect }) => {
  for (const name of [MP3_NAME, `${MP3_NAME}.log`]) {
    await services.blobs.writeText({ ...MP3, name }, "not ours", { contentType: "text/plain" });
  }

  expect(await publish(services, await converted())).toMatchObject({ status: "published" });

  expect(await contentOf(MP3)).toBe(MP3_BYTES);
  expect(await contentOf({ ...MP3, name: `${MP3_NAME}.log` })).toBe("ffmpeg's log");
});

test("no result, record or log carries a SAS", async ({ expect }) => {
  await publish(services, await converted());

  for (const name of await namesIn(containers.output)) {
    expect(await contentOf({ container: containers.output, name })).not.toMatch(/[?&]s(ig|v)=/);
  }
});

test("publishing again gives the same answer, changes nothing and is not counted again", async ({ expect }) => {
  const input = await converted();
  const first = await publish(services, input);
  const before = await services.blobs.properties(MP3);

  expect(await publish(services, input)).toEqual(first);
  expect(await services.blobs.properties(MP3)).toEqual(before);
  await recordFailure(services, { ...input, failure });
  expect(await countedEnds()).toEqual({ 'outcome="succeeded",code=""': 1 });
});

test("publishing that was interrupted after the copy is completed by the next call", async ({ expect }) => {
  const input = await copiedOnly();

  expect(await publish(services, input)).toMatchObject({ status: "published" });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("a result in its place gets its record although its input has been replaced, and stays when the newer version fails", async ({
  expect,
}) => {
  const older = await copiedOnly();
  const newer = await converted("video two");

  expect(await publish(services, older)).toMatchObject({ status: "published" });
  expect(await recordNow()).toMatchObject({ status: "succeeded", conversionId: older.conversionId });
  expect(await recordFailure(services, { ...newer, failure })).toMatchObject({ status: "recorded" });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("a success that was decided is completed, although the input is deleted and a failure is to be recorded", async ({
  expect,
}) => {
  const input = await copiedOnly();
  await services.blobs.delete(input.source);

  expect(await recordFailure(services, { ...input, failure })).toMatchObject({
    status: "recorded",
    record: { status: "succeeded" },
  });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("a newer version that breaks off after its copy leaves the older MP3 only to a complete one", async ({
  expect,
}) => {
  await publish(services, await converted("video one"));
  await copiedOnly("video two");
  const newest = await converted("video three");

  await recordFailure(services, { ...newest, failure });

  expect(await contentOf(MP3)).toBe(MP3_BYTES);
  expect(await recordNow()).toMatchObject({ status: "failed", conversionId: newest.conversionId });
});

test("a repeated attempt publishes its own bytes, even if they are as many as those of the attempt before", async ({
  expect,
}) => {
  const first = await converted("video one", 1, "ID3 with 128 kbit/s");
  await publish(
    interruptedAtRecord(() => Promise.reject(new Error("killed"))),
    first,
  ).catch(() => {});
  const staged = stagedBlobs(containers.staging, first.conversionId, 1);
  const again = stagedBlobs(containers.staging, first.conversionId, 2);
  const report = (await services.blobs.readText(staged.report))?.text ?? "";
  await services.blobs.writeText(again.report, report, { contentType: "application/json" });
  await services.blobs.writeText(again.result, "ID3 with 192 kbit/s", { contentType: "audio/mpeg" });

  expect(await publish(services, { ...first, attempt: 2 })).toMatchObject({
    status: "published",
    record: { attempts: 2 },
  });
  expect(await contentOf(MP3)).toBe("ID3 with 192 kbit/s");
});

test.for([".json", ".log", ""])(
  "a snapshot of the «%s» that is replaced is in nobody's way",
  async (suffix, { expect }) => {
    await publish(services, await converted("video one"));
    const blob = storage.account.getContainerClient(containers.output).getBlobClient(`${MP3_NAME}${suffix}`);
    await blob.createSnapshot();
    const newer = await converted("video two");

    expect(await recordFailure(services, { ...newer, failure })).toMatchObject({ status: "recorded", isNew: true });
    expect(await recordNow()).toMatchObject({ status: "failed", conversionId: newer.conversionId });
    const newest = await converted("video three", 1, "newest music");
    expect(await publish(services, newest)).toMatchObject({ status: "published" });
    expect(await contentOf(MP3)).toBe("newest music");
  },
);

test("a leased log is left as it is, and the conversion succeeds or fails without one", async ({ expect }) => {
  await publish(services, await converted("video one"));
  const log = storage.account.getContainerClient(containers.output).getBlobClient(`${MP3_NAME}.log`);
  await log.getBlobLeaseClient().acquireLease(-1);

  expect(await publish(services, await converted("video two"))).toMatchObject({ status: "published" });
  const failed = await recordFailure(services, { ...(await converted("video three")), failure });
  expect(failed).toMatchObject({ status: "recorded", record: { error: { logBlob: null } } });
});

test("a leased MP3 is called locked, stays as it is, and is replaced when the lease ends", async ({ expect }) => {
  const older = await converted("video one", 1, "old music");
  await publish(services, older);
  const lease = storage.account.getContainerClient(containers.output).getBlobClient(MP3_NAME).getBlobLeaseClient();
  await lease.acquireLease(-1);
  const newer = await converted("video two", 1, "new music");

  await expect(publish(services, newer)).rejects.toMatchObject({
    failureCode: "OutputLocked",
    message: expect.stringMatching(
      / to output-[\w-]+\/.*: it is locked by a lease or an immutability policy/,
    ) as string,
  });
  expect(await contentOf(MP3)).toBe("old music");
  expect(await recordNow()).toMatchObject({ status: "succeeded", conversionId: older.conversionId });
  await lease.releaseLease();
  expect(await publish(services, newer)).toMatchObject({ status: "published" });
  expect(await contentOf(MP3)).toBe("new music");
});

test("a conversion whose MP3 stays locked is recorded as failed, and a retry publishes it once the lease has ended", async ({
  expect,
}) => {
  await publish(services, await converted("video one", 1, "old music"));
  const lease = storage.account.getContainerClient(containers.output).getBlobClient(MP3_NAME).getBlobLeaseClient();
  await lease.acquireLease(-1);
  const input = await converted("video two", 1, "new music");
  await publish(services, input).catch(() => {});
  const locked = { code: "OutputLocked", message: "locked", hint: "h" };

  expect(await recordFailure(services, { ...input, failure: locked })).toMatchObject({ record: { error: locked } });
  expect(await publish(services, input)).toMatchObject({ status: "rejected", failure: { code: "OutputLocked" } });
  expect(await contentOf(MP3)).toBe("old music");
});

test("an MP3 that is in its place is a success, however long its record was locked", async ({ expect }) => {
  await publish(services, await converted("video one", 1, "old music"));
  const record = storage.account.getContainerClient(containers.output).getBlobClient(`${MP3_NAME}.json`);
  const lease = record.getBlobLeaseClient();
  await lease.acquireLease(-1);
  const input = await converted("video two", 1, "new music");
  const locked = { code: "OutputLocked", message: "locked", hint: "h" };

  await expect(publish(services, input)).rejects.toMatchObject({ failureCode: "OutputLocked" });
  await expect(recordFailure(services, { ...input, failure: locked })).rejects.toThrow("locked");
  await lease.releaseLease();

  expect(await recordFailure(services, { ...input, failure: locked })).toMatchObject({
    record: { status: "succeeded", conversionId: input.conversionId },
  });
  expect(await contentOf(MP3)).toBe("new music");
});

test("a conversion whose MP3 may not be copied can be cancelled", async ({ expect }) => {
  const input = await converted();
  const refusal = new StorageError("Azure Storage could not copy", { code: "CannotVerifyCopySource", statusCode: 403 });
  const copy: Services["blobs"]["copy"] = (from, to, ...rest) =>
    to.name === MP3_NAME ? Promise.reject(refusal) : services.blobs.copy(from, to, ...rest);
  const refusing = { ...services, blobs: { ...services.blobs, copy } };
  const [refused, cancelled] = [failureOf("Misconfigured"), failureOf("Cancelled")];

  await expect(publish(refusing, input)).rejects.toBe(refusal);
  await expect(recordFailure(refusing, { ...input, failure: refused })).rejects.toBe(refusal);
  expect(await recordFailure(refusing, { ...input, failure: cancelled })).toMatchObject({
    record: { status: "cancelled", error: cancelled },
  });
});

test("a copy that is under way when a newer version is uploaded keeps what it reads from until it is complete", async ({
  expect,
}) => {
  let isCopying = true;
  const slow: Services["blobs"] = {
    ...services.blobs,
    copy: async (from, to, ...rest) => {
      const outcome = await services.blobs.copy(from, to, ...rest);
      return to.name === MP3_NAME ? "copying" : outcome;
    },
    properties: async (blob) => {
      const found = await services.blobs.properties(blob);
      return found && { ...found, isCopying: blob.name === MP3_NAME && isCopying };
    },
  };
  const copying = { ...services, blobs: slow };
  const input = await converted();
  expect(await publish(copying, input)).toEqual({ status: "copying" });
  await converted("video two");

  expect(await publish(copying, input)).toEqual({ status: "copying" });
  expect(await namesIn(containers.staging)).toContain(`${input.conversionId}/1/result`);
  isCopying = false;
  expect(await publish(copying, input)).toMatchObject({ status: "published" });
});

test("a failure is recorded whatever the report of its task looks like", async ({ expect }) => {
  const input = await converted();
  const { report } = stagedBlobs(containers.staging, input.conversionId, 1);
  const strange = JSON.stringify({ outcome: "FfmpegFailed", source: { streams: {} } });
  await services.blobs.writeText(report, strange, { contentType: "application/json" });

  expect(await recordFailure(services, { ...input, failure })).toMatchObject({ record: { error: failure } });
});

test("nothing that a task can write decides what becomes of a result", async ({ expect }) => {
  await publish(services, await converted("video one", 1, "old music"));
  const older = await recordNow();
  const input = await converted("video two", 1, "new music");
  const secret = { container: containers.application, name: "secret" };
  await services.blobs.writeText(secret, "of somebody else", { contentType: "text/plain" });
  const { eTag = "", sizeBytes = 0 } = (await services.blobs.properties(secret)) ?? {};
  const startedAt = "9999-01-01T00:00:00.000Z";
  const forged = {
    record: {
      ...older,
      input: { ...older.input, eTag: input.source.eTag },
      attempts: 9,
      times: { ...older.times, startedAt },
    },
    result: { ...secret, eTag, sizeBytes },
  };
  const staging = { container: containers.staging, name: `${input.conversionId}/decision.json` };
  await services.blobs.writeText(staging, JSON.stringify(forged), { contentType: "application/json" });

  await publish(services, input);

  expect(await contentOf(MP3)).toBe("new music");
});

test("a blob of somebody else's with the look of a record is replaced", async ({ expect }) => {
  const address = { container: containers.output, name: `${MP3.name}.json` };
  await services.blobs.writeText(address, '{"schemaVersion":1}', { contentType: "text/plain" });
  const input = await converted();
  await services.blobs.delete(input.source);

  expect(await recordFailure(services, { ...input, failure })).toMatchObject({ status: "recorded", isNew: true });
});

test("the result of a success stays when a newer version fails", async ({ expect }) => {
  await publish(services, await converted("video one"));

  expect(await recordFailure(services, { ...(await converted("video two")), failure })).toMatchObject({
    status: "recorded",
  });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("an older version publishes nothing once a newer one has been uploaded", async ({ expect }) => {
  const older = await converted("video one");
  await converted("video two");

  expect(await publish(services, older)).toEqual({ status: "superseded" });
  expect(await namesIn(containers.output)).toEqual([]);
});

test("an older version cannot overwrite a newer one that is published at the same moment", async ({ expect }) => {
  const older = await converted("video one", 1, "old music");
  let newer: Promise<unknown> | undefined;
  const publishNewer = async (): Promise<unknown> => publish(services, await converted("video two", 1, "new music"));
  const copy: Services["blobs"]["copy"] = async (...args) => {
    await (newer ??= publishNewer());
    return services.blobs.copy(...args);
  };

  expect(await publish({ ...services, blobs: { ...services.blobs, copy } }, older)).toEqual({ status: "superseded" });

  expect(await contentOf(MP3)).toBe("new music");
});

test("a newer version replaces the result, record and log of an older one", async ({ expect }) => {
  await publish(services, await converted("video one", 1, "old music"));
  const newer = await converted("video two", 1, "new music!");

  expect(await publish(services, newer)).toMatchObject({ status: "published" });
  expect(await contentOf(MP3)).toBe("new music!");
});

test("a result that is staged again after its check is not published", async ({ expect }) => {
  const input = await converted();
  const { result } = stagedBlobs(containers.staging, input.conversionId, 1);
  const copy: Services["blobs"]["copy"] = async (...args) => {
    await services.blobs.writeText(result, "another, and longer than what was judged", { contentType: "audio/mpeg" });
    return services.blobs.copy(...args);
  };

  expect(await publish({ ...services, blobs: { ...services.blobs, copy } }, input)).toMatchObject({
    status: "rejected",
    failure: { code: "UploadFailed", message: "The result was replaced or deleted after its check" },
  });
  expect(await namesIn(containers.output)).not.toContain(MP3.name);
  expect(await recordFailure(services, { ...input, failure })).toMatchObject({ record: { status: "failed" } });
});

test("a deleted input is rejected as InputMissing", async ({ expect }) => {
  const input = await converted();
  await services.blobs.delete(input.source);

  expect(await publish(services, input)).toMatchObject({ status: "rejected", failure: { code: "InputMissing" } });
  expect(await namesIn(containers.output)).toEqual([]);
});

test("a bad result is rejected and leaves the output container as it was", async ({ expect }) => {
  const input = await converted();
  await services.blobs.writeText(stagedBlobs(containers.staging, input.conversionId, 1).result, "cut", {
    contentType: "audio/mpeg",
  });

  expect(await publish(services, input)).toMatchObject({
    status: "rejected",
    failure: { code: "UploadFailed" },
  });
  expect(await namesIn(containers.output)).toEqual([]);
});

test("a failure clears the staging of all attempts", async ({ expect }) => {
  const input = { ...(await converted()), failure };
  const { stderr } = stagedBlobs(containers.staging, input.conversionId, 2);
  await services.blobs.writeText(stderr, "second log", { contentType: "text/plain" });

  await recordFailure(services, { ...input, attempt: 2 });

  expect(await namesIn(containers.staging)).toEqual([]);
  expect(await namesIn(containers.application)).toContain(decisionOf(input));
  expect(await contentOf({ container: containers.output, name: `${MP3.name}.log` })).toBe("second log");
});

test("the record of a failure says what to do and where the log is", async ({ expect }) => {
  const input = { ...(await converted()), failure };

  const recorded = await recordFailure(services, input);

  expect(recorded).toMatchObject({
    status: "recorded",
    record: { status: "failed", output: null, error: { ...failure, logBlob: `${MP3.name}.log` } },
  });
  expect(await recordFailure(services, input)).toEqual({ ...recorded, isNew: false });
  expect(await namesIn(containers.output)).toEqual([`${MP3.name}.json`, `${MP3.name}.log`]);
  expect(await namesIn(containers.staging)).toEqual([]);
  expect(await namesIn(containers.application)).toContain(decisionOf(input));
});

test("a failure of an older version is not recorded over a newer upload", async ({ expect }) => {
  const input = { ...(await converted("video one")), failure };
  await converted("video two");

  expect(await recordFailure(services, input)).toEqual({ status: "superseded" });
  expect(await namesIn(containers.output)).toEqual([]);
});

test("a success stays a success when what follows the record fails, and when its failure is to be recorded", async ({
  expect,
}) => {
  const input = await converted();
  const batch = { ...services.batch, deleteTask: () => Promise.reject(new Error("Batch is down")) };

  expect(await publish({ ...services, batch }, input)).toMatchObject({ status: "published" });
  const recorded = await recordFailure(services, { ...input, attempt: 3, failure });

  expect(recorded).toMatchObject({ status: "recorded", record: { status: "succeeded" } });
});

test("an older version that fails after a newer one was converted and deleted leaves its record alone", async ({
  expect,
}) => {
  const older = { ...(await converted("video one")), failure };
  const newer = { ...(await converted("video two")), startedAt: "2026-01-01T12:00:30.000Z" };
  await publish(services, newer);
  await services.blobs.delete(newer.source);

  expect(await recordFailure(services, older)).toEqual({ status: "superseded" });
  expect(JSON.parse(await contentOf({ container: containers.output, name: `${MP3.name}.json` }))).toMatchObject({
    conversionId: newer.conversionId,
    status: "succeeded",
  });
});

test.for(["no JSON", "null", "[]", '{"schemaVersion":2}'])(
  "a blob «%s» in the record's place is replaced",
  async (content, { expect }) => {
    const input = await converted();
    const address = { container: containers.output, name: `${MP3.name}.json` };
    await services.blobs.writeText(address, content, { contentType: "text/plain" });

    expect(await publish(services, input)).toMatchObject({ status: "published" });
    expect(JSON.parse(await contentOf(address))).toMatchObject({ status: "succeeded" });
  },
);

test("a storage error is put into words", async ({ expect }) => {
  const missing = services.blobs.setContentType({ container: containers.input, name: "none.mp4" }, "x");

  await expect(missing).rejects.toThrow(
    /^Azure Storage could not set the type of input-[\w-]+\/none\.mp4: 404: BlobNotFound/,
  );
});

test("a failure that is to be recorded while publishing is under way completes the success", async ({ expect }) => {
  const input = await converted();

  const published = await publish(
    interruptedAtRecord(() => recordFailure(services, { ...input, failure })),
    input,
  );

  expect(published).toMatchObject({ status: "published" });
  expect(await recordNow()).toMatchObject({ status: "succeeded", conversionId: input.conversionId });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("two publishings at once end in one success", async ({ expect }) => {
  const input = await converted();

  const faster: unknown[] = [];
  const slower = publish(
    interruptedAtRecord(async () => faster.push(await publish(services, input))),
    input,
  );

  expect(await slower).toEqual(faster[0]);
  expect(await countedEnds()).toEqual({ 'outcome="succeeded",code=""': 1 });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("a slow call that finds the staging container cleared by a faster one gives its answer", async ({ expect }) => {
  const input = await converted();
  let faster: unknown;
  const properties: Services["blobs"]["properties"] = async (blob) => {
    if (blob.name.endsWith("/result")) faster = await publish(services, input);
    return services.blobs.properties(blob);
  };

  const slower = await publish({ ...services, blobs: { ...services.blobs, properties } }, input);

  expect(slower).toEqual(faster);
  expect(slower).toMatchObject({ status: "published" });
});

test("the result of an older version that was kept beside a newer one's failure outlives a late call for the older one", async ({
  expect,
}) => {
  const older = await converted("video one");
  await publish(services, older);
  await recordFailure(services, { ...(await converted("video two")), failure });

  await publish(services, older);
  await recordFailure(services, { ...older, completed: null, failure });

  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("a late failure of an earlier attempt leaves the result of a later one alone", async ({ expect }) => {
  const first = await converted();
  await recordFailure(services, { ...first, failure });
  const second = await converted("video one", 2);
  const input = { ...second, conversionId: first.conversionId, source: first.source };
  const copyStaged = stagedBlobs(containers.staging, first.conversionId, 2);
  for (const [name, blob] of Object.entries(stagedBlobs(containers.staging, second.conversionId, 2))) {
    const { text = "" } = (await services.blobs.readText(blob)) ?? {};
    const target = copyStaged[name as keyof typeof copyStaged];
    await services.blobs.writeText(target, text, { contentType: "text/plain" });
  }
  const current = {
    eTag: first.source.eTag,
    sizeBytes: 9,
    lastModified: new Date(),
    contentType: "video/mp4",
    metadata: {},
    isCopying: false,
  };
  const properties: Services["blobs"]["properties"] = async (blob) =>
    blob.container === containers.input ? current : services.blobs.properties(blob);
  const late = interruptedAtRecord(() => recordFailure(services, { ...first, failure }));

  await expect(publish({ ...late, blobs: { ...late.blobs, properties } }, input)).rejects.toThrow(ConflictError);

  expect(await recordNow()).toMatchObject({ status: "succeeded", attempts: 2 });
  expect(await contentOf(MP3)).toBe(MP3_BYTES);
});

test("an attempt that was recorded as cancelled publishes nothing any more", async ({ expect }) => {
  const input = await converted();
  const cancelled = { code: "Cancelled", message: "Somebody terminated the orchestration", hint: "h" };
  await recordFailure(services, { ...input, completed: null, failure: cancelled });

  expect(await publish(services, input)).toMatchObject({ status: "rejected", failure: { code: "Cancelled" } });
  expect(await namesIn(containers.output)).not.toContain(MP3.name);
});
