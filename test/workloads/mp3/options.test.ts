import { test } from "vitest";
import { SettingsReader } from "../../../src/model/settings.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import { MP3_OPTIONS, parseOptions } from "../../../src/workloads/mp3/options.ts";
import { environmentFor, metadataFor, parseMetadata, parseNamed } from "../../../src/workloads/options.ts";

/** What the script gets for these metadata; the message if they are wrong. */
function environmentOf(metadata: Readonly<Record<string, string>>): Record<string, string> | string {
  const { chosen, failure } = parseOptions(metadata);
  return chosen === undefined ? failure.message : environmentFor(MP3_OPTIONS, chosen);
}

test("all options of a video reach the script", ({ expect }) => {
  const environment = environmentOf({
    mp3drop_quality: "2",
    mp3drop_mono: "true",
    mp3drop_audio_language: "fra",
    mp3drop_loudness: "-16.5",
    mp3drop_start: "0:01:30.500",
    mp3drop_end: "3600",
  });

  expect(environment).toEqual({
    MP3_QUALITY: "2",
    MP3_MONO: "true",
    AUDIO_LANGUAGE: "fra",
    MP3_LOUDNESS_LUFS: "-16.5",
    TRIM_START_SECONDS: "90.5",
    TRIM_END_SECONDS: "3600",
  });
});

test("only our keys count, in any case", ({ expect }) => {
  const metadata = { MP3DROP_Bitrate: "128", author: "me", hdi_isfolder: "false", mp3dropper: "x" };

  expect(environmentOf(metadata)).toEqual({ MP3_BITRATE_KBPS: "128" });
});

test("mono is true or nothing for the script", ({ expect }) => {
  expect(environmentOf({ mp3drop_mono: "TRUE" })).toEqual({ MP3_MONO: "true" });
  expect(environmentOf({ mp3drop_mono: "false" })).toEqual({ MP3_MONO: "" });
});

test("an empty value is no value, and blanks around one do not matter", ({ expect }) => {
  expect(environmentOf({ mp3drop_bitrate: "", mp3drop_start: " 5 " })).toEqual({ TRIM_START_SECONDS: "5" });
});

test.for<[value: string, seconds: string]>([
  ["0", "0"],
  ["90.25", "90.25"],
  ["1:30", "90"],
  ["01:02:03.004", "3723.004"],
  ["100:00:00", "360000"],
])("the time %s is %s seconds", ([value, seconds], { expect }) => {
  expect(environmentOf({ mp3drop_start: value })).toEqual({ TRIM_START_SECONDS: seconds });
});

test.for<[key: string, value: string]>([
  ["mp3drop_bitrate", "100"],
  ["mp3drop_bitrate", "128k"],
  ["mp3drop_quality", "10"],
  ["mp3drop_quality", "-1"],
  ["mp3drop_mono", "yes"],
  ["mp3drop_audio_language", "en"],
  ["mp3drop_audio_language", "ENG"],
  ["mp3drop_loudness", "-4"],
  ["mp3drop_loudness", "-70.5"],
  ["mp3drop_loudness", "-16.55"],
  ["mp3drop_loudness", "16"],
  ["mp3drop_start", "-1"],
  ["mp3drop_start", "1:60"],
  ["mp3drop_start", "1:75:00"],
  ["mp3drop_start", "1e3"],
  ["mp3drop_start", "0.0005"],
  ["mp3drop_end", "9999999"],
  ["mp3drop_end", "$(reboot)"],
])('%s cannot be "%s", and the failure says what it can be', ([key, value], { expect }) => {
  const { failure } = parseOptions({ [key]: value });

  const allowed = MP3_OPTIONS.table.find(({ metadataKey }) => metadataKey === key)?.allowed;
  expect(failure).toMatchObject({ code: "BadOptions", message: `${key} must be ${allowed}, not "${value}"` });
  expect(failure?.hint).not.toBe("");
});

test("a key that nobody knows is a mistake, and the nearest one is named", ({ expect }) => {
  expect(environmentOf({ mp3drop_bitrat: "128" })).toBe(
    "There is no option mp3drop_bitrat: did you mean mp3drop_bitrate?",
  );
  expect(environmentOf({ mp3drop_x: "1" })).toBe(
    "There is no option mp3drop_x: there are mp3drop_bitrate, mp3drop_quality, mp3drop_mono, " +
      "mp3drop_audio_language, mp3drop_loudness, mp3drop_start, mp3drop_end",
  );
});

test("the key of another workload that may take the same blob is no mistake", ({ expect }) => {
  expect(parseMetadata(MP3_OPTIONS, { mp3drop_words: "5" }, ["mp3drop_words"])).toEqual({ chosen: {} });
});

test("a constant and a variable bit rate exclude each other", ({ expect }) => {
  expect(environmentOf({ mp3drop_bitrate: "128", mp3drop_quality: "2" })).toBe(
    "mp3drop_quality (variable bit rate) and mp3drop_bitrate (constant) exclude each other",
  );
});

test.for<Record<string, string>>([
  { mp3drop_start: "10", mp3drop_end: "10" },
  { mp3drop_start: "1:00:00", mp3drop_end: "90" },
  { mp3drop_end: "0" },
])("what ends before it starts is refused: %o", (metadata, { expect }) => {
  expect(environmentOf(metadata)).toContain("mp3drop_end must be after the start");
});

test("a value of any length makes a message that can be read", ({ expect }) => {
  expect(environmentOf({ mp3drop_mono: "x".repeat(8000) })).toHaveLength(103);
});

test("options that are named in a request become the same metadata", ({ expect }) => {
  const { chosen = {} } = parseNamed(MP3_OPTIONS, { bitrate: 128, mono: true, start: "1:30", end: null, language: "" });
  const metadata = metadataFor(MP3_OPTIONS, chosen);

  expect(metadata).toEqual({ mp3drop_bitrate: "128", mp3drop_mono: "true", mp3drop_start: "90" });
  expect(parseOptions(metadata)).toEqual({ chosen });
});

test.for([
  [{ bitrat: 128 }, 'There is no option "bitrat": did you mean bitrate?'],
  [{ bitrate: [128] }, 'not "[128]"'],
  [{ bitrate: { a: 1 } }, 'not "{"a":1}"'],
] as const)("named options that are wrong are refused: %j", ([named, message], { expect }) => {
  expect(parseNamed(MP3_OPTIONS, named).failure?.message).toContain(message);
});

test("the record says what was used, with the settings where nothing was chosen", ({ expect }) => {
  const settings = mp3.environment(new SettingsReader({ MP3_BITRATE_KBPS: "128", AUDIO_LANGUAGE: "eng" }));

  expect(MP3_OPTIONS.used(settings)).toEqual({
    bitrate: 128,
    quality: null,
    mono: false,
    language: "eng",
    loudness: null,
    start: null,
    end: null,
  });
});

test("with a variable bit rate there is no constant one", ({ expect }) => {
  const environment = { MP3_BITRATE_KBPS: "192", MP3_QUALITY: "0", MP3_MONO: "true", MP3_LOUDNESS_LUFS: "-16.5" };

  expect(MP3_OPTIONS.used(environment)).toMatchObject({ bitrate: null, quality: 0, mono: true, loudness: -16.5 });
});
