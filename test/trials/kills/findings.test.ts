import { test } from "vitest";
import { conversionIdOf } from "../../../src/model/identity.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import type { Evidence } from "./evidence.ts";
import type { Expected } from "./findings.ts";
import { judge } from "./findings.ts";
import type { Ledger } from "./uploading.ts";

const NAME = "talk.mp4";
const ID = conversionIdOf("mp3", { container: "input", name: NAME, eTag: "v1" });
const VIDEOS: readonly Expected[] = [
  { md5: "video 0", soundMd5: "sound 0" },
  { md5: "video 1", soundMd5: "sound 1" },
];
const ACKNOWLEDGED: Ledger = { acknowledged: { video: 0, eTag: "v1" }, unacknowledged: [] };
const RECORD = { conversionId: ID, attempts: 1, error: null, output: { sizeBytes: 3 } } as unknown as Mp3Record;
const RIGHT: Evidence = {
  input: { bytes: Buffer.from("mp4"), md5: "video 0", eTag: "v1", metadata: {} },
  record: RECORD,
  mp3: { bytes: Buffer.from("mp3"), md5: "", eTag: "", metadata: { conversionid: ID } },
};

function judged(changed: Partial<Evidence>, ledger = ACKNOWLEDGED, sound: string | undefined = "sound 0") {
  const { lost, wrong, attemptsUsedUp } = judge(NAME, ledger, { ...RIGHT, ...changed }, sound, VIDEOS);
  return [lost.length, wrong.length, attemptsUsedUp.length];
}

/** The version v1, as it was found, with changes. */
function input(changed: object): Pick<Evidence, "input"> {
  return { input: Object.assign({ ...RIGHT.input }, changed) as NonNullable<Evidence["input"]> };
}

function record(changed: object): Pick<Evidence, "record"> {
  return { record: { ...RECORD, ...changed } as Mp3Record };
}

test("an acknowledged upload with its record and its MP3 is right", ({ expect }) => {
  expect(judged({})).toEqual([0, 0, 0]);
});

test.for<[string, Partial<Evidence>]>([
  ["is not there", { input: undefined }],
  ["is there in another version", input({ eTag: "v0" })],
  ["has no record", { record: undefined }],
  ["has the record of another version", record({ conversionId: "another" })],
  ["ended as failed", record({ error: { code: "DownloadFailed", message: "refused", hint: "" } })],
  ["has a record and no MP3", { mp3: undefined }],
])("an acknowledged upload that %s is lost", ([, changed], { expect }) => {
  expect(judged(changed)).toEqual([1, 0, 0]);
});

test("other bytes, the MP3 of another version and one that does not decode are wrong", ({ expect }) => {
  const other = { bytes: Buffer.from("mp3"), md5: "", eTag: "", metadata: { conversionid: "another" } };

  expect(judged(input({ md5: "video 1" }))).toEqual([0, 1, 0]);
  expect(judged({ mp3: other })).toEqual([0, 1, 0]);
  expect(judged({}, ACKNOWLEDGED, "sound 1")).toEqual([0, 1, 0]);
  expect(judge(NAME, ACKNOWLEDGED, RIGHT, undefined, VIDEOS).wrong).toEqual([
    expect.stringContaining("does not decode"),
  ]);
});

test("a second attempt is used up", ({ expect }) => {
  expect(judged(record({ attempts: 2 }))).toEqual([0, 0, 1]);
});

test("an upload that was cut short may be there or not, but if it is it is whole", ({ expect }) => {
  const cutShort: Ledger = { acknowledged: undefined, unacknowledged: [0] };

  expect(judged({}, cutShort)).toEqual([0, 0, 0]);
  expect(judged({ input: undefined }, cutShort)).toEqual([0, 0, 0]);
  expect(judged(input({ md5: "half a video" }), cutShort)).toEqual([0, 1, 0]);
});
