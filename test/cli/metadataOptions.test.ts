import { test } from "vitest";
import { parseOptions } from "../../src/local/kit/commandLine/args.ts";
import { METADATA_OPTIONS, metadataOf } from "../../src/cli/convert/metadataOptions.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { topWords } from "../../src/workloads/topWords/index.ts";

const metadataFor = (args: readonly string[], workloads = [mp3]) =>
  metadataOf(parseOptions("mp3drop convert", args, METADATA_OPTIONS).values, workloads);

test("each option of the workloads is a flag, and travels as metadata in its normal form", ({ expect }) => {
  const args = [
    "--quality",
    "2",
    "--mono",
    "--language=fra",
    "--loudness",
    "-16.0",
    "--start",
    "1:30",
    "--end",
    "0:02:00.5",
  ];

  expect(metadataFor(args)).toEqual({
    mp3drop_quality: "2",
    mp3drop_mono: "true",
    mp3drop_audio_language: "fra",
    mp3drop_loudness: "-16",
    mp3drop_start: "90",
    mp3drop_end: "120.5",
  });
  expect(metadataFor([])).toEqual({});
});

test.for([
  [["--bitrate", "7"], '--bitrate must be one of 64, 96, 128, 160, 192, 256, 320, not "7"'],
  [
    ["--language", "English"],
    '--language must be three lower-case letters as in ISO 639-2, for example eng, not "English"',
  ],
  [
    ["--loudness", "16"],
    '--loudness must be a number from -70 to -5 with at most one decimal, for example -16, not "16"',
  ],
  [["--quality", "2", "--bitrate", "96"], "--quality (variable bit rate) and --bitrate (constant) exclude each other"],
  [["--start", "90", "--end", "1:00"], "--end must be after the start, 90 s, not 60 s"],
  [["--start", ""], "start has no value"],
] as const)("%s is refused with what is allowed", ([args, message], { expect }) => {
  expect(() => metadataFor(args)).toThrow(expect.objectContaining({ code: "WrongUsage", message }));
});

test("an option that no chosen workload has is refused", ({ expect }) => {
  expect(() => metadataFor(["--mono"], [topWords])).toThrow("--mono is not an option of topWords");
  expect(metadataFor(["--mono"], [topWords, mp3])).toEqual({ mp3drop_mono: "true" });
});
