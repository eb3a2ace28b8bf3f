import { test } from "vitest";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import type { Review } from "../../../src/workloads/workload.ts";

function reviewOf(audioDuration: string | undefined, mp3Duration: string): Review {
  const stream = { index: 1, ...(audioDuration !== undefined && { duration: audioDuration }) };
  return mp3.review({
    outcome: "Converted",
    resultBytes: 1000,
    streamIndex: 1,
    source: { streams: [stream], format: {} },
    result: { format: { duration: mp3Duration } },
  });
}

test.for([
  ["0.05", "0.1", true],
  ["3", "3.24", true],
  ["3", "3.26", false],
  ["3600", "3582.1", true],
  ["3600", "3581.9", false],
  ["3600", "1800", false],
] as const)("for %s s of audio an MP3 of %s s is good: %s", ([audio, result, isGood], { expect }) => {
  expect(reviewOf(audio, result).problem?.code).toBe(isGood ? undefined : "OutputMismatch");
});

test("where the video does not say how long it is, nothing is compared", ({ expect }) => {
  expect(reviewOf(undefined, "3").problem).toBeUndefined();
  expect(reviewOf("N/A", "3").problem).toBeUndefined();
});

test("the report of an unreadable file still gives the version of ffmpeg", ({ expect }) => {
  const report = { outcome: "UnreadableInput", resultBytes: null, ffmpegVersion: "6.1", source: null, result: null };

  expect(mp3.review(report)).toMatchObject({
    input: { durationSeconds: null, audioStream: null },
    tools: { ffmpeg: "6.1" },
  });
});
