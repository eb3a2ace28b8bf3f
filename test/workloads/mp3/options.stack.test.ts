import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseFile } from "music-metadata";
import { test } from "vitest";
import type { Mp3Report } from "../../../src/workloads/mp3/report.ts";
import { makeSample } from "../../trials/badMedia/run.ts";
import type { TaskFolder } from "./taskFolder.ts";
import { ffmpeg, ffmpegOfNode, taskFolder, tone, tools } from "./taskFolder.ts";

/** A second of silence, then three of a tone. */
const LATE_TONE = ["-f", "lavfi", "-i", "aevalsrc='if(gt(t,1),sin(2764*t),0)':d=4:s=44100", "-c:a", "aac"];
const noise = (seconds: number, amplitude: number, ...more: string[]): string[] => [
  "-f",
  "lavfi",
  "-i",
  `anoisesrc=d=${seconds}:a=${amplitude}:c=brown:seed=7:r=44100`,
  ...more,
  "-c:a",
  "aac",
];

/** When the first sound is louder than a tenth of the loudest possible, in seconds. */
function firstSound({ path }: TaskFolder): number {
  const args = ["-v", "error", "-i", join(path, "result"), "-ac", "1", "-ar", "44100", "-f", "s16le", "-"];
  const { stdout } = spawnSync(tools.ffmpeg, args);
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  return samples.findIndex((sample) => Math.abs(sample) > 3276) / 44_100;
}

/** In LUFS, by another filter than the one that the script uses. */
function loudnessOf({ path }: TaskFolder): number {
  const log = ffmpeg("-i", join(path, "result"), "-af", "ebur128", "-f", "null", "-");
  return Number(/Integrated loudness:\s+I:\s+(-?[0-9.]+) LUFS/.exec(log)?.[1]);
}

function percentsOf(stdout: string): number[] {
  return stdout.split("\n").flatMap((line) => (line === "" ? [] : [Number(/^percent=(\d+)$/.exec(line)?.[1])]));
}

const FRAME_SECONDS = 1152 / 44_100;

test("a quality makes the bitrate variable", async ({ expect }) => {
  const folder = taskFolder();
  folder.make(...noise(2, 0.2));

  const { review } = folder.run({ MP3_QUALITY: "9" });

  expect(review.problem).toBeUndefined();
  const { format } = await parseFile(join(folder.path, "result"));
  expect(format.codecProfile).toMatch(/^V/);
  expect(format.bitrate).toBeLessThan(100_000);
});

test("mono has one channel, of six as of two", async ({ expect }) => {
  for (const channels of ["2", "6"]) {
    const folder = taskFolder();
    folder.make(...tone(0.5, "-ac", channels));

    expect(folder.run({ MP3_MONO: "true" }).review.problem).toBeUndefined();
    expect((await parseFile(join(folder.path, "result"))).format.numberOfChannels).toBe(1);
  }
});

test("quiet sound becomes as loud as it should be by a gain alone, at its own sample rate", async ({ expect }) => {
  const folder = taskFolder();
  folder.make(...noise(5, 0.02));

  const { report, review, stdout } = folder.run({ MP3_LOUDNESS_LUFS: "-20.5" });

  expect(review).toMatchObject({ output: { loudnessLufs: expect.closeTo(-20.5, 0) }, problem: undefined });
  expect(review.output).not.toHaveProperty("notes");
  expect((report as Mp3Report).loudness).toMatchObject({ normalization_type: "linear" });
  expect(Math.abs(loudnessOf(folder) + 20.5)).toBeLessThan(0.5);
  expect((await parseFile(join(folder.path, "result"))).format.sampleRate).toBe(44_100);
  const percents = percentsOf(stdout);
  expect(percents).toEqual(percents.toSorted((one, other) => one - other));
  expect(percents.at(-1)).toBe(100);
  expect(percents).toContain(49);
});

test("six channels are as loud as they should be once they are two", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...noise(4, 0.1, "-af", "pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0"));

  folder.run({ MP3_LOUDNESS_LUFS: "-23" });

  expect(Math.abs(loudnessOf(folder) + 23)).toBeLessThan(0.5);
});

/** Noise that begins every other second with a loud moment. */
const beats = (gain: number): string[] =>
  noise(6, 0.04, "-af", `volume=${gain}:eval=frame:enable='lt(mod(t\\,2)\\,0.05)'`);

test("sound whose peaks leave no room for a gain is compressed", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...beats(8));

  const { report, review } = folder.run({ MP3_LOUDNESS_LUFS: "-16" });

  expect(review.problem).toBeUndefined();
  expect(review.output).not.toHaveProperty("notes");
  expect((report as Mp3Report).loudness).toMatchObject({ normalization_type: "dynamic" });
  expect(Math.abs(loudnessOf(folder) + 16)).toBeLessThan(1);
});

/** Older versions cannot change timestamps. */
const hasSetts = spawnSync(tools.ffmpeg, ["-bsfs"], { encoding: "utf8" }).stdout.includes("setts");

test.skipIf(!hasSetts)(
  "where timestamps stand still, as much is dropped with a compressor as without",
  ({ expect }) => {
    const [plain, loud] = ["", "-16"].map((loudness) => {
      const folder = taskFolder();
      const pauses = ["-bsf:a", "setts=ts='if(gt(N,100),TS-1024*6,TS)'"];
      ffmpegOfNode(...beats(8), ...pauses, "-f", "mp4", join(folder.path, "input"));
      const { report, review } = folder.run({ MP3_LOUDNESS_LUFS: loudness });
      return { ...(report as Mp3Report), problem: review.problem };
    });

    expect(loud?.loudness).toMatchObject({ normalization_type: "dynamic" });
    expect(loud?.decoding?.droppedSamples).toBeGreaterThan(3000);
    expect(loud?.decoding).toEqual(plain?.decoding);
    expect([plain?.problem, loud?.problem]).toEqual([undefined, undefined]);
  },
);

test("where a compressor does not suffice, the record says how loud the sound is", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...beats(25));

  const { review } = folder.run({ MP3_LOUDNESS_LUFS: "-8" });

  expect(review.problem).toBeUndefined();
  expect(review.output).toMatchObject({ notes: [expect.stringMatching(/^The sound is at -\d+[.]\d+ LUFS/)] });
});

test("the loudness is that of the part that is converted", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...noise(9, 0.02, "-af", "volume=10:enable='gt(t,4)'"));

  folder.run({ MP3_LOUDNESS_LUFS: "-23", TRIM_END_SECONDS: "4" });

  expect(Math.abs(loudnessOf(folder) + 23)).toBeLessThan(0.5);
});

test("silence has no loudness: it stays as it is, and the record says so", ({ expect }) => {
  const folder = taskFolder();
  folder.make("-f", "lavfi", "-i", "anullsrc=r=44100:cl=mono", "-t", "1", "-c:a", "aac");

  const { exitCode, review } = folder.run({ MP3_LOUDNESS_LUFS: "-16" });

  expect(exitCode).toBe(0);
  expect(review).toMatchObject({
    output: { notes: ["The sound is as loud as in the video: it is too quiet, or too short, to be measured"] },
    problem: undefined,
  });
});

test("a part is exact to a frame", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...LATE_TONE);

  const { review, stdout } = folder.run({ TRIM_START_SECONDS: "0.75", TRIM_END_SECONDS: "2.5" });

  expect(review).toMatchObject({ input: { durationSeconds: expect.closeTo(4, 1) }, problem: undefined });
  const seconds = Number(review.output?.["durationSeconds"]);
  expect(seconds).toBeGreaterThanOrEqual(1.75);
  // The encoder adds a frame for its delay, and fills the last one.
  expect(seconds).toBeLessThan(1.75 + 2.1 * FRAME_SECONDS);
  expect(Math.abs(firstSound(folder) - 0.25)).toBeLessThan(FRAME_SECONDS);
  expect(percentsOf(stdout).at(-1)).toBe(100);
});

test("an end beyond that of the sound is no error", ({ expect }) => {
  const folder = taskFolder();
  folder.make(...tone(1));

  expect(folder.run({ TRIM_END_SECONDS: "100" }).review).toMatchObject({
    input: { durationSeconds: 1 },
    output: { durationSeconds: expect.closeTo(1, 0) },
    problem: undefined,
  });
});

test.for([
  ["begins after that of the sound", tone(1), { TRIM_START_SECONDS: "5" }],
  ["begins after that of the sound, with a loudness", tone(1), { TRIM_START_SECONDS: "5", MP3_LOUDNESS_LUFS: "-16" }],
  ["ends before the sound begins", ["-itsoffset", "1.5", ...tone(1)], { TRIM_END_SECONDS: "1" }],
] as const)("a part that %s is NothingLeft", ([, sound, settings], { expect }) => {
  const folder = taskFolder();
  folder.make("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=3", ...sound);

  expect(folder.run(settings)).toMatchObject({ exitCode: 1, report: { outcome: "NothingLeft", resultBytes: null } });
});

test("the times of a part count from the start of the video, also where its sound begins late", ({ expect }) => {
  const folder = taskFolder();
  folder.make("-f", "lavfi", "-i", "testsrc2=s=64x48:r=10:d=5", "-itsoffset", "1", ...LATE_TONE);

  const { review } = folder.run({ TRIM_START_SECONDS: "1.5", TRIM_END_SECONDS: "3" });

  expect(review.problem).toBeUndefined();
  expect(Math.abs(firstSound(folder) - 0.5)).toBeLessThan(FRAME_SECONDS);
});

test.for([
  ["a pause", "sound that pauses", "1", "4", 3],
  ["fragments", "joined fragments", "6", "13.5", 7.5],
  ["a recording without its beginning", "joined from the middle", "3", "10", 7],
  ["a file that is cut off later", "cut off, index at the start", "2", "6", 4],
  ["a file that is damaged later", "damaged in the middle", "1", "6", 5],
  ["a file that is damaged before", "damaged in the middle", "16", "", 4],
] as const)("a part of %s is whole", ([, name, start, end, seconds], { expect }) => {
  const folder = taskFolder();
  makeSample(name, join(folder.path, "input"));

  const { review } = folder.run({ TRIM_START_SECONDS: start, TRIM_END_SECONDS: end });

  expect(review.problem).toBeUndefined();
  expect(Math.abs(Number(review.output?.["durationSeconds"]) - seconds)).toBeLessThan(0.15);
});

test.for([
  [
    "is cut off",
    "cut off, index at the start",
    "5",
    "15",
    /^The MP3 is .* s long, but its part of the audio of the video is 10 s$/,
  ],
  ["is cut off where no duration is known", "cut off, no durations", "5", "15", /^Only \d+ of the \d+ packets/],
  ["begins beyond the cut", "cut off, index at the start", "15", "", /^There is no sound in the MP3$/],
  ["of fragments is cut off", "joined, cut off", "2", "19", /^The MP3 is .* s long, but its part/],
  ["is damaged", "damaged in the middle", "2", "18", /could not be decoded/],
] as const)("a part that %s is found out", ([, name, start, end, message], { expect }) => {
  const folder = taskFolder();
  makeSample(name, join(folder.path, "input"));

  const { review } = folder.run({ TRIM_START_SECONDS: start, TRIM_END_SECONDS: end });

  expect(review.problem).toEqual({ code: "OutputMismatch", message: expect.stringMatching(message) });
});
