import { test } from "vitest";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import type { Decoding, Mp3Report, ProbedStream } from "../../../src/workloads/mp3/report.ts";
import type { Review } from "../../../src/workloads/workload.ts";

const DECODED: Decoding = { packets: 1000, frames: 999, filledSamples: 0, droppedSamples: 0, isCutOff: false };

/** Of a stream that is in an index of 1000 packets, unless it says otherwise. */
function reviewOf(
  stream: Partial<ProbedStream>,
  mp3Seconds: string,
  decoding: Partial<Decoding> | null = {},
  more: Partial<Mp3Report> = {},
): Review {
  return mp3.review({
    outcome: "Converted",
    resultBytes: 1000,
    streamIndex: 1,
    source: { streams: [{ index: 1, nb_frames: "1000", ...stream }], format: {} },
    decoding: decoding && { ...DECODED, ...decoding },
    result: { streams: [{ sample_rate: "44100" }], format: { duration: mp3Seconds } },
    ...more,
  });
}

const isRefused = ({ problem }: Review): boolean => problem?.code === "OutputMismatch";
const fragments = { nb_frames: "N/A" };

test.for([
  ["0.05", "0.1", true],
  ["3", "2.76", true],
  ["3", "2.74", false],
  ["3600", "3582.1", true],
  ["3600", "3581.9", false],
  ["3600", "1800", false],
] as const)("for %s s of audio in the index an MP3 of %s s is good: %s", ([duration, result, isGood], { expect }) => {
  expect(isRefused(reviewOf({ duration }, result))).toBe(!isGood);
});

test("an MP3 that is longer than the video says is good, and so long was the sound", ({ expect }) => {
  const review = reviewOf({ ...fragments, duration: "16.044989", start_time: "0.000000" }, "20.088163");

  expect(review.problem).toBeUndefined();
  expect(review.input).toMatchObject({ durationSeconds: 20.088163 });
});

test("the duration of fragments from the middle of a recording counts from its beginning", ({ expect }) => {
  const stream = { ...fragments, duration: "20.02322", start_time: "8.034104" };

  expect(reviewOf(stream, "12.04").problem).toBeUndefined();
  expect(reviewOf(stream, "12.04").input).toMatchObject({ durationSeconds: 11.99 });
  expect(reviewOf(stream, "9.69").problem?.message).toMatch(/^The MP3 is 9.69 s long/);
});

test("a start beyond the duration is the time of day of a stream, and does not count", ({ expect }) => {
  const stream = { ...fragments, duration: "20.02", start_time: "3599.976" };

  expect(isRefused(reviewOf(stream, "20.08"))).toBe(false);
  expect(isRefused(reviewOf(stream, "16.09"))).toBe(true);
});

test("sound that begins late does not make up for sound that is missing", ({ expect }) => {
  expect(isRefused(reviewOf({ duration: "20", start_time: "8.03" }, "12"))).toBe(true);
});

test("fragments must be complete, because what follows the one that is cut off is missing too", ({ expect }) => {
  const half = { ...fragments, duration: "1800" };

  expect(isRefused(reviewOf(half, "1799.8"))).toBe(false);
  expect(isRefused(reviewOf(half, "1799.7"))).toBe(true);
  expect(reviewOf(half, "1799.9", { isCutOff: true }).problem?.message).toBe(
    "The video ends in the middle of its audio, after 1799.9 s",
  );
});

test("fragments after an index are fragments", ({ expect }) => {
  expect(isRefused(reviewOf({ nb_frames: "174", duration: "1800" }, "1799.9", { isCutOff: true }))).toBe(true);
});

test("a few packets that are missing at the end of a long index are tolerated", ({ expect }) => {
  expect(isRefused(reviewOf({ duration: "1800" }, "1799.9", { isCutOff: true }))).toBe(false);
});

test.for(["0.000000", "N/A", undefined])(
  "where the duration is %s, all packets in the index must be there",
  (duration, { expect }) => {
    const stream = duration === undefined ? {} : { duration };

    expect(isRefused(reviewOf(stream, "20", { packets: 1000 }))).toBe(false);
    expect(reviewOf(stream, "10", { packets: 500 }).problem?.message).toBe(
      "Only 500 of the 1000 packets of audio that the video lists are there",
    );
  },
);

test("where neither duration nor index is known, what was decoded counts", ({ expect }) => {
  expect(reviewOf(fragments, "3").problem).toBeUndefined();
  expect(reviewOf(fragments, "3").input).toMatchObject({ durationSeconds: 3 });
});

test("sound that could not be decoded is missing, although silence makes the MP3 as long", ({ expect }) => {
  const review = reviewOf({ duration: "20" }, "20.06", { frames: 800, filledSamples: 176_400 });

  expect(review.problem?.message).toBe("4 s of the audio could not be decoded and are silent in the MP3");
});

test("a packet that could not be decoded is tolerated", ({ expect }) => {
  expect(isRefused(reviewOf({ duration: "20" }, "20.06", { frames: 998, filledSamples: 4410 }))).toBe(false);
});

test("silence where nothing was recorded is right", ({ expect }) => {
  expect(isRefused(reviewOf({ duration: "20" }, "20.06", { filledSamples: 176_400 }))).toBe(false);
});

test("packets that an edit list hides are not missing", ({ expect }) => {
  expect(isRefused(reviewOf({ duration: "8.005" }, "8.05", { packets: 388, frames: 345 }))).toBe(false);
});

test("sound whose timestamps go back is missing", ({ expect }) => {
  const review = reviewOf({ ...fragments, duration: "4.04" }, "8.07", { droppedSamples: 176_400 });

  expect(review.problem?.message).toBe("The timestamps of the video go back: 4 s of its audio are not in the MP3");
});

test("timestamps that go forth and back as much lose nothing", ({ expect }) => {
  const jitter = { filledSamples: 176_400, droppedSamples: 176_000 };

  expect(isRefused(reviewOf({ duration: "20" }, "20", jitter))).toBe(false);
});

test("without the counts of ffmpeg the durations decide", ({ expect }) => {
  expect(isRefused(reviewOf({ duration: "20" }, "20", null))).toBe(false);
  expect(isRefused(reviewOf({ duration: "20" }, "10", null))).toBe(true);
  expect(isRefused(reviewOf({ duration: "20" }, "20", { packets: null, frames: null }))).toBe(false);
});

test("a file that is not as ffmpeg wrote it is refused, however long it says it is", ({ expect }) => {
  const resultEdges = { id3Bytes: 0, firstBytes: "", lastBytes: "" };
  const report = { outcome: "Converted", resultBytes: 1000, streamIndex: 1, source: null, resultEdges };

  expect(mp3.review(report).problem).toEqual({
    code: "FfmpegFailed",
    message: "The MP3 does not begin with an index of its frames",
  });
});

test("an MP3 without sound is never good", ({ expect }) => {
  expect(isRefused(reviewOf(fragments, "0.000000"))).toBe(true);
  expect(isRefused(reviewOf(fragments, "N/A"))).toBe(true);
});

test("the report of an unreadable file still gives the version of ffprobe", ({ expect }) => {
  const report = { outcome: "UnreadableInput", resultBytes: null, ffprobeVersion: "6.1", source: null };

  expect(mp3.review(report)).toMatchObject({
    input: { durationSeconds: null, audioStream: null },
    tools: { ffprobe: "6.1" },
  });
});

const PARTS: readonly [string, Partial<Mp3Report>, string, boolean][] = [
  ["from 5 s to 15 s", { trimStart: 5, trimEnd: 15 }, "10.06", true],
  ["from 5 s to 15 s", { trimStart: 5, trimEnd: 15 }, "9.7", false],
  ["from 5 s to 15 s", { trimStart: 5, trimEnd: 15 }, "15.06", false],
  ["from 5 s to 15 s", { trimStart: 5, trimEnd: 15 }, "20", false],
  ["from 5 s", { trimStart: 5, trimEnd: null }, "15.06", true],
  ["from 5 s", { trimStart: 5, trimEnd: null }, "14.7", false],
  ["from 5 s", { trimStart: 5, trimEnd: null }, "20.06", false],
  ["to 15 s", { trimStart: null, trimEnd: 15 }, "15.06", true],
  ["to 15 s", { trimStart: null, trimEnd: 15 }, "14.7", false],
  ["to 15 s", { trimStart: null, trimEnd: 15 }, "20", false],
  ["to 99 s", { trimStart: null, trimEnd: 99 }, "20.06", true],
  ["to 99 s", { trimStart: null, trimEnd: 99 }, "19.7", false],
];

test.for(PARTS)("for the part %s (%j) of 20 s, an MP3 of %s s is good: %s", ([, part, seconds, isGood], { expect }) => {
  expect(reviewOf({ duration: "20" }, seconds, {}, part).problem === undefined).toBe(isGood);
});

test("a part of an hour must be as exact as a file of its own length", ({ expect }) => {
  const lastMinute = { trimStart: 3540, trimEnd: null };

  expect(reviewOf({ duration: "3600" }, "60", {}, lastMinute).problem).toBeUndefined();
  expect(reviewOf({ duration: "3600" }, "59", {}, lastMinute).problem?.message).toBe(
    "The MP3 is 59 s long, but its part of the audio of the video is 60 s",
  );
});

test("an MP3 that is longer than its part is not the fault of the video", ({ expect }) => {
  expect(reviewOf({ duration: "20" }, "20", {}, { trimStart: 5, trimEnd: 15 }).problem).toEqual({
    code: "FfmpegFailed",
    message: "The MP3 is 20 s long, but at most 10 s of the audio of the video were to be in it",
  });
});

test("a part counts from the start of the video, not of sound that begins late", ({ expect }) => {
  const late = { duration: "10", start_time: "3" };

  expect(reviewOf(late, "4", {}, { trimStart: 1, trimEnd: 7 }).problem).toBeUndefined();
  expect(reviewOf(late, "6", {}, { trimStart: 1, trimEnd: 7 }).problem).toBeDefined();
  expect(reviewOf(late, "8", {}, { trimStart: 5, trimEnd: null }).problem).toBeUndefined();
});

test("a part of fragments that are cut off before its end is not whole", ({ expect }) => {
  const cut = { packets: 800, frames: 800, isCutOff: true };

  expect(isRefused(reviewOf({ ...fragments, duration: "20" }, "13", cut, { trimStart: 5, trimEnd: 19 }))).toBe(true);
  expect(isRefused(reviewOf({ ...fragments, duration: "20" }, "13", cut, { trimStart: 5, trimEnd: 18 }))).toBe(false);
});

test("the record tells the duration of all the sound, not of the part", ({ expect }) => {
  const part = { trimStart: 5, trimEnd: 15 };

  expect(reviewOf({ duration: "20" }, "10", {}, part).input).toMatchObject({ durationSeconds: 20 });
  expect(reviewOf(fragments, "3", {}, { trimStart: 5, trimEnd: null }).input).toMatchObject({ durationSeconds: 8 });
});

test("packets that ffmpeg had read on beyond the part are not missing in it", ({ expect }) => {
  const pause = { packets: 60, frames: 50, filledSamples: 176_400 };

  expect(isRefused(reviewOf({ duration: "20" }, "4", pause, { trimStart: 1, trimEnd: 5 }))).toBe(false);
  expect(isRefused(reviewOf({ duration: "20" }, "4", { ...pause, frames: 20 }, { trimStart: 1, trimEnd: 5 }))).toBe(
    true,
  );
});

test.for([
  ["is not reached", -16, "-18.33", "The sound is at -18.33 LUFS: its peaks or its silence did not allow -16 LUFS"],
  [
    "cannot be measured",
    -16,
    "-inf",
    "The sound is as loud as in the video: it is too quiet, or too short, to be measured",
  ],
  ["is nearly reached", -16, "-16.9", undefined],
  ["is that of the video", null, undefined, undefined],
] as const)("a loudness that %s is told where it must be", ([, loudnessTarget, output_i, note], { expect }) => {
  const loudness = output_i === undefined ? {} : { output_i };

  const { output, problem } = reviewOf({ duration: "20" }, "20", {}, { loudnessTarget, loudness });

  expect(problem).toBeUndefined();
  expect(output?.["notes"]).toEqual(note === undefined ? undefined : [note]);
});
