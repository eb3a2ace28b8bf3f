import { test } from "vitest";
import type { ConversionView } from "../../../src/model/conversion.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import type { Evidence } from "./evidence.ts";
import type { Findings } from "./findings.ts";
import { judgeTrial } from "./findings.ts";
import type { Upload } from "./uploading.ts";

const OLDER: Upload = { name: "a.mp4", eTag: "1", conversionId: "older", content: { kind: "tone", seconds: 8 } };
const NEWER: Upload = { name: "a.mp4", eTag: "2", conversionId: "newer", content: { kind: "tone", seconds: 3 } };
const SILENT: Upload = { name: "a.mp4", eTag: "2", conversionId: "newer", content: { kind: "silent" } };
const NOTHING: Findings = { lost: [], duplicated: [], unexplained: [], explained: [], notes: [] };

function succeeded(conversionId: string, durationSeconds = 3): Mp3Record {
  const output = { sizeBytes: 100, durationSeconds };
  return { conversionId, status: "succeeded", attempts: 1, output, error: null } as Mp3Record;
}

function failed(conversionId: string, code: string, attempts = 1): Mp3Record {
  const error = { code, message: "It failed", hint: "Mend it", logBlob: null };
  return { conversionId, status: "failed", attempts, output: null, error } as Mp3Record;
}

/** What is left if the newer version has this record and the MP3 is that of some version. */
function left(record: Mp3Record | undefined, mp3Of?: string, more: Partial<Evidence> = {}): Evidence {
  return {
    records: new Map(record && [["a.mp3.json", record]]),
    mp3s: new Map(mp3Of === undefined ? [] : [["a.mp3", { conversionId: mp3Of, sizeBytes: 100 }]]),
    views: new Map(),
    staged: [],
    ...more,
  };
}

function viewed(id: string, status: ConversionView["status"], record: Mp3Record | null): Evidence["views"] {
  return new Map([[id, { id, status, record } as ConversionView]]);
}

test("a right record with its MP3 is no finding", ({ expect }) => {
  expect(judgeTrial([OLDER, NEWER], left(succeeded("newer"), "newer"))).toEqual(NOTHING);
});

test("a video without record, or with that of an older version, is lost", ({ expect }) => {
  expect(judgeTrial([NEWER], left(undefined)).lost).toHaveLength(1);
  expect(judgeTrial([OLDER, NEWER], left(succeeded("older"), "older")).lost).toHaveLength(1);
  expect(judgeTrial([NEWER], left(succeeded("newer"))).lost).toHaveLength(1);
});

test("an older version that has replaced a newer one is a duplicate", ({ expect }) => {
  const views = viewed("newer", "succeeded", succeeded("newer"));
  expect(judgeTrial([OLDER, NEWER], left(succeeded("older"), "older", { views })).duplicated).toHaveLength(1);
  expect(judgeTrial([OLDER, NEWER], left(succeeded("newer"), "older")).duplicated).toHaveLength(1);
});

test("an MP3 of a conversion that did not succeed is a duplicate", ({ expect }) => {
  const record = failed("newer", "NoAudioStream");
  expect(judgeTrial([OLDER, SILENT], left(record, "older")).duplicated).toHaveLength(1);
});

test("an MP3 or a record that belongs to no video is a duplicate", ({ expect }) => {
  expect(judgeTrial([], left(succeeded("newer"), "newer")).duplicated).toHaveLength(2);
});

test("an MP3 that does not last as long as its video is unexplained", ({ expect }) => {
  expect(judgeTrial([NEWER], left(succeeded("newer", 8), "newer")).unexplained).toHaveLength(1);
});

test("a bad video fails with its code, and any other outcome of it is unexplained", ({ expect }) => {
  expect(judgeTrial([SILENT], left(failed("newer", "NoAudioStream")))).toEqual(NOTHING);
  expect(judgeTrial([SILENT], left(failed("newer", "UnreadableInput"))).unexplained).toHaveLength(1);
  expect(judgeTrial([SILENT], left(succeeded("newer"), "newer")).unexplained).toHaveLength(1);
});

test("a platform failure of a good video is explained by faults once all attempts are spent", ({ expect }) => {
  expect(judgeTrial([NEWER], left(failed("newer", "UploadFailed", 3)))).toMatchObject({
    unexplained: [],
    explained: [{}],
  });
  expect(judgeTrial([NEWER], left(failed("newer", "UploadFailed", 1))).unexplained).toHaveLength(1);
  expect(judgeTrial([NEWER], left(failed("newer", "InternalError", 3))).unexplained).toHaveLength(1);
  expect(judgeTrial([NEWER], left(failed("newer", "NoAudioStream", 3))).unexplained).toHaveLength(1);
});

test("a conversion that still runs or broke off is unexplained", ({ expect }) => {
  const right = left(succeeded("newer"), "newer");
  const running = viewed("newer", "running", null);
  const broken = viewed("older", "failed", null);
  expect(judgeTrial([OLDER, NEWER], { ...right, views: running }).unexplained).toHaveLength(1);
  expect(judgeTrial([OLDER, NEWER], { ...right, views: broken }).unexplained).toHaveLength(1);
});

test("staged blobs of finished conversions are only noted", ({ expect }) => {
  const views = viewed("newer", "succeeded", succeeded("newer"));
  const found = judgeTrial(
    [NEWER],
    left(succeeded("newer"), "newer", { views, staged: ["newer/1/report.json", "newer/1/stderr.txt"] }),
  );
  expect(found).toMatchObject({
    ...NOTHING,
    notes: ["2 staged blobs of ended conversions are left: newer/1/report.json, newer/1/stderr.txt"],
  });
});
