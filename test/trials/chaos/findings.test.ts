import { test } from "vitest";
import type { ConversionView } from "../../../src/model/conversion.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import type { FileOutcome } from "./changingFiles.ts";
import type { Evidence, FoundMp3 } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { isClean, judgeTrial } from "./findings.ts";
import type { Upload } from "./uploading.ts";

const OLDER: Upload = { name: "a.mp4", eTag: "1", conversionId: "older", content: { kind: "tone", seconds: 8 } };
const NEWER: Upload = { name: "a.mp4", eTag: "2", conversionId: "newer", content: { kind: "tone", seconds: 3 } };
const SILENT: Upload = { name: "a.mp4", eTag: "2", conversionId: "newer", content: { kind: "silent" } };
const NOTHING: Findings = { lost: [], duplicated: [], wrong: [], unexplained: [], explained: [], stale: [] };

function judge(uploads: readonly Upload[], evidence: Evidence, files: readonly FileOutcome[] = []): Findings {
  return judgeTrial({ uploads, files }, evidence);
}

function succeeded(conversionId: string, durationSeconds = 3): Mp3Record {
  const output = { sizeBytes: 100, durationSeconds };
  return { conversionId, status: "succeeded", attempts: 1, output, error: null } as Mp3Record;
}

function failed(conversionId: string, code: string, attempts = 1, logBlob: string | null = null): Mp3Record {
  const error = { code, message: "It failed", hint: "Mend it", logBlob };
  return { conversionId, status: "failed", attempts, output: null, error } as Mp3Record;
}

/** The right MP3 of one of the two versions. */
function mp3Of(conversionId: string, changes: Partial<FoundMp3> = {}): FoundMp3 {
  const { eTag, content } = conversionId === "older" ? OLDER : NEWER;
  const durationSeconds = content.kind === "tone" ? content.seconds : 0;
  const rest = { sizeBytes: 100, contentType: "audio/mpeg", attempt: "1", sourceETag: eTag };
  return { conversionId, durationSeconds, ...rest, ...changes };
}

/** What is left if the newer version has this record and the MP3 is that of some version. */
function left(record: Mp3Record | undefined, mp3?: FoundMp3 | string, more: Partial<Evidence> = {}): Evidence {
  const found = typeof mp3 === "string" ? mp3Of(mp3) : mp3;
  return {
    videos: new Map([["a.mp4", NEWER.eTag]]),
    records: new Map(record && [["a.mp3.json", record]]),
    mp3s: new Map(found && [["a.mp3", found]]),
    logs: new Set(),
    views: new Map(),
    staged: [],
    ...more,
  };
}

function viewed(id: string, status: ConversionView["status"], record: Mp3Record | null): Evidence["views"] {
  return new Map([[id, { id, status, record } as ConversionView]]);
}

test("a right record with its MP3 is no finding", ({ expect }) => {
  expect(judge([OLDER, NEWER], left(succeeded("newer"), "newer"))).toEqual(NOTHING);
});

test("a video without record, or with that of an older version, is lost", ({ expect }) => {
  expect(judge([NEWER], left(undefined)).lost).toHaveLength(1);
  expect(judge([OLDER, NEWER], left(succeeded("older"), "older")).lost).toHaveLength(1);
  expect(judge([NEWER], left(succeeded("newer"))).lost).toHaveLength(1);
});

test("an older version that has replaced a newer one is a duplicate", ({ expect }) => {
  const views = viewed("newer", "succeeded", succeeded("newer"));
  expect(judge([OLDER, NEWER], left(succeeded("older"), "older", { views })).duplicated).toHaveLength(1);
  expect(judge([OLDER, NEWER], left(succeeded("newer"), "older")).duplicated).toHaveLength(1);
});

test("an MP3 of a conversion that did not succeed is a duplicate", ({ expect }) => {
  const record = failed("newer", "NoAudioStream");
  expect(judge([OLDER, SILENT], left(record, "older")).duplicated).toHaveLength(1);
  for (const status of ["failed", "cancelled", "running"] as const) {
    const views = viewed("older", status, null);
    expect(judge([OLDER, SILENT], left(record, "older", { views })).duplicated).toHaveLength(1);
  }
});

test("the MP3 of an older version that succeeded, or was superseded after its copy, stays beside a newer failure", ({
  expect,
}) => {
  const record = failed("newer", "NoAudioStream");
  for (const status of ["succeeded", "superseded"] as const) {
    const views = viewed("older", status, null);
    expect(judge([OLDER, SILENT], left(record, "older", { views })).duplicated).toEqual([]);
  }
});

test("a video, a record or an MP3 that belongs to no upload is a duplicate", ({ expect }) => {
  expect(judge([], left(succeeded("newer"), "newer")).duplicated).toHaveLength(3);
});

test("a version that the storage has acknowledged and does not have is lost", ({ expect }) => {
  const right = left(succeeded("newer"), "newer");
  expect(judge([NEWER], { ...right, videos: new Map() }).lost).toHaveLength(1);
  expect(judge([NEWER], { ...right, videos: new Map([["a.mp4", OLDER.eTag]]) }).lost).toHaveLength(1);
});

test.for([
  ["has another size than its record says", { sizeBytes: 99 }],
  ["is of another attempt than its record", { attempt: "2" }],
  ["is of another version than its conversion", { sourceETag: "1" }],
  ["does not last as long as its version", { durationSeconds: 8 }],
  ["has a wrong media type", { contentType: "application/octet-stream" }],
] as const)("an MP3 that %s is wrong", ([, change], { expect }) => {
  expect(judge([NEWER], left(succeeded("newer"), mp3Of("newer", change))).wrong).toHaveLength(1);
});

test("an older MP3 that a failed version has left must still be whole", ({ expect }) => {
  const views = viewed("older", "succeeded", succeeded("older", 8));
  const record = failed("newer", "NoAudioStream");
  expect(judge([OLDER, SILENT], left(record, "older", { views }))).toEqual(NOTHING);
  const broken = mp3Of("older", { durationSeconds: 4 });
  expect(judge([OLDER, SILENT], left(record, broken, { views })).wrong).toHaveLength(1);
});

test("a record that names a log which is not there is wrong", ({ expect }) => {
  const evidence = left(failed("newer", "NoAudioStream", 1, "a.mp3.log"));
  expect(judge([SILENT], { ...evidence, logs: new Set(["a.mp3.log"]) })).toEqual(NOTHING);
  expect(judge([SILENT], evidence).wrong).toHaveLength(1);
});

test("a file that changed during its upload must not be in the storage, and convert must say so", ({ expect }) => {
  const file: FileOutcome = { name: "b.mp4", expected: "Changed", said: "Changed", isInStorage: false };
  const good: FileOutcome = { name: "c.mp4", expected: undefined, said: "succeeded", isInStorage: true };
  const right = left(succeeded("newer"), "newer");
  expect(judge([NEWER], right, [file, good])).toEqual(NOTHING);
  expect(judge([NEWER], right, [{ ...file, isInStorage: true }]).wrong).toHaveLength(1);
  expect(judge([NEWER], right, [{ ...file, said: "succeeded" }]).unexplained).toHaveLength(1);
  expect(judge([NEWER], right, [{ ...good, said: undefined }]).unexplained).toHaveLength(1);
  expect(judge([NEWER], right, [{ ...good, said: "DownloadFailed" }])).toMatchObject({
    unexplained: [],
    explained: [expect.any(String)],
  });
  expect(judge([NEWER], right, [{ ...file, said: "DownloadFailed" }]).unexplained).toHaveLength(1);
});

test("an MP3 whose record says another duration than its video has is unexplained", ({ expect }) => {
  expect(judge([NEWER], left(succeeded("newer", 8), "newer")).unexplained).toHaveLength(1);
});

test("a bad video fails with its code, and any other outcome of it is unexplained", ({ expect }) => {
  expect(judge([SILENT], left(failed("newer", "NoAudioStream")))).toEqual(NOTHING);
  expect(judge([SILENT], left(failed("newer", "UnreadableInput"))).unexplained).toHaveLength(1);
  expect(judge([SILENT], left(succeeded("newer"), "newer")).unexplained).toHaveLength(1);
});

test("a platform failure of a good video is explained by faults once all attempts are spent", ({ expect }) => {
  expect(judge([NEWER], left(failed("newer", "UploadFailed", 3)))).toMatchObject({
    unexplained: [],
    explained: [expect.any(String)],
  });
  expect(judge([NEWER], left(failed("newer", "UploadFailed", 1))).unexplained).toHaveLength(1);
  expect(judge([NEWER], left(failed("newer", "InternalError", 3))).unexplained).toHaveLength(1);
  expect(judge([NEWER], left(failed("newer", "NoAudioStream", 3))).unexplained).toHaveLength(1);
});

test("a conversion that still runs or broke off is unexplained", ({ expect }) => {
  const right = left(succeeded("newer"), "newer");
  const running = viewed("newer", "running", null);
  const broken = viewed("older", "failed", null);
  expect(judge([OLDER, NEWER], { ...right, views: running }).unexplained).toHaveLength(1);
  expect(judge([OLDER, NEWER], { ...right, views: broken }).unexplained).toHaveLength(1);
});

test("what ended conversions have left in the staging container is stale", ({ expect }) => {
  const staged = ["newer/1/report.json", "running/1/output.mp3"];
  const views = new Map([...viewed("newer", "succeeded", succeeded("newer")), ...viewed("running", "running", null)]);
  const found = judge([NEWER], left(succeeded("newer"), "newer", { views, staged }));

  expect(found).toEqual({ ...NOTHING, stale: ["newer/1/report.json"] });
});

test("only stale blobs and failures of the platform leave a trial clean", ({ expect }) => {
  expect(isClean({ ...NOTHING, explained: ["a"], stale: ["b"] })).toBe(true);
  for (const list of ["lost", "duplicated", "wrong", "unexplained"]) {
    expect(isClean({ ...NOTHING, [list]: ["a"] })).toBe(false);
  }
});
