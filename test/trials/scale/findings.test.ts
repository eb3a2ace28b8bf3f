import { test } from "vitest";
import type { Evidence } from "./evidence.ts";
import { isClean, judge } from "./findings.ts";

type Entry<Found> = Found extends ReadonlyMap<infer Key, infer Value> ? readonly [Key, Value] : never;

const UPLOADS = [
  { name: "1.mp4", conversionId: "first" },
  { name: "2.mp4", conversionId: "second" },
];
const TRIAL = { uploads: UPLOADS, resultBytes: 9, resultsStaged: 2, restarted: [] };

const RECORDS: readonly [Entry<Evidence["records"]>, Entry<Evidence["records"]>] = [
  ["1.mp3.json", { conversionId: "first", attempt: "1", status: "succeeded" }],
  ["2.mp3.json", { conversionId: "second", attempt: "1", status: "succeeded" }],
];
const MP3S: readonly [Entry<Evidence["mp3s"]>, Entry<Evidence["mp3s"]>] = [
  ["1.mp3", { conversionId: "first", attempt: "1", sizeBytes: 9 }],
  ["2.mp3", { conversionId: "second", attempt: "1", sizeBytes: 9 }],
];

function evidence(changed: Partial<Evidence> = {}): Evidence {
  return {
    inputs: new Set(UPLOADS.map(({ name }) => name)),
    records: new Map(RECORDS),
    mp3s: new Map(MP3S),
    staged: [],
    ...changed,
  };
}

test("a video with its record and its MP3 is what is wanted", ({ expect }) => {
  const findings = judge(TRIAL, evidence());

  expect(findings).toEqual({ lost: [], double: [], wrong: [] });
  expect(isClean(findings)).toBe(true);
});

test("a video, a record or an MP3 that is not there is lost, and so is a conversion that failed", ({ expect }) => {
  const lost = (changed: Partial<Evidence>) => judge(TRIAL, evidence(changed)).lost;

  expect(lost({ inputs: new Set(["1.mp4"]) })).toEqual(["2.mp4: it was uploaded, and is not there"]);
  expect(lost({ records: new Map([RECORDS[0]]) })).toEqual(["2.mp4: no record"]);
  expect(lost({ mp3s: new Map([MP3S[0]]) })).toEqual(["2.mp4: the record says succeeded, and there is no MP3"]);
  const failed = ["2.mp3.json", { ...RECORDS[1][1], status: "failed" }] satisfies Entry<Evidence["records"]>;
  expect(lost({ records: new Map([RECORDS[0], failed]) })).toEqual(["2.mp4: the conversion ended as failed"]);
});

test("a second attempt is double, and so is a result that was staged again", ({ expect }) => {
  const again = ["2.mp3.json", { ...RECORDS[1][1], attempt: "2" }] satisfies Entry<Evidence["records"]>;

  expect(judge(TRIAL, evidence({ records: new Map([RECORDS[0], again]) })).double).toEqual([
    "2.mp4: it took 2 attempts",
  ]);
  expect(judge({ ...TRIAL, resultsStaged: 5 }, evidence()).double).toEqual([
    "3 more results were staged than there are videos",
  ]);
});

test("what belongs to another version or to nothing is wrong", ({ expect }) => {
  const wrong = (changed: Partial<Evidence>) => judge(TRIAL, evidence(changed)).wrong;
  const older = { ...RECORDS[1][1], conversionId: "older" };

  expect(wrong({ records: new Map([RECORDS[0], ["2.mp3.json", older]]) })).toEqual([
    "2.mp4: its record is that of older",
  ]);
  expect(wrong({ mp3s: new Map([MP3S[0], ["2.mp3", { ...MP3S[1][1], sizeBytes: 8 }]]) })).toEqual([
    "2.mp4: its MP3 has 8 bytes, not 9",
  ]);
  expect(wrong({ mp3s: new Map([...MP3S, ["3.mp3", MP3S[0][1]]]) })).toEqual(["3.mp3: nobody uploaded a video for it"]);
  expect(wrong({ staged: ["first/1/result"] })).toEqual(["first/1/result: it was left in the staging container"]);
});

test("a service that died spoils the trial", ({ expect }) => {
  expect(judge({ ...TRIAL, restarted: ["batch"] }, evidence()).wrong).toEqual(["batch: it died and was started again"]);
});
