import type { ParsedOptions, WorkloadOption, WorkloadOptions } from "../options.ts";
import { parseMetadata } from "../options.ts";

/** Bit rates in kbit/s; the first is the default of the app. */
export const BITRATES_KBPS = ["192", "64", "96", "128", "160", "256", "320"] as const;
/** As in ISO 639-2. */
export const LANGUAGE = /^[a-z]{3}$/;

const ASCENDING_BITRATES = [...BITRATES_KBPS].toSorted((one, other) => Number(one) - Number(other));
const QUALITIES = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
const TIME = "seconds such as 90 or 90.5, or a time such as 1:30 or 0:01:30.500";

/**
 * What may be chosen for one video. The command line, the upload API and the page take their flags, members and fields
 * from here.
 */
const TABLE: readonly WorkloadOption[] = [
  {
    name: "bitrate",
    metadataKey: "mp3drop_bitrate",
    about: "constant bit rate in kbit/s",
    allowed: `one of ${ASCENDING_BITRATES.join(", ")}`,
    choices: ASCENDING_BITRATES,
    fallback: "MP3_BITRATE_KBPS of the app",
    variable: "MP3_BITRATE_KBPS",
    normalize: (value) => ASCENDING_BITRATES.find((one) => one === value),
  },
  {
    name: "quality",
    metadataKey: "mp3drop_quality",
    about: "variable bit rate, 0 being the best and largest",
    allowed: "a whole number from 0 to 9",
    choices: QUALITIES,
    fallback: "constant bit rate",
    variable: "MP3_QUALITY",
    normalize: (value) => QUALITIES.find((one) => one === value),
  },
  {
    name: "mono",
    metadataKey: "mp3drop_mono",
    about: "mix all channels into one",
    allowed: "true or false",
    choices: ["true", "false"],
    fallback: "false",
    variable: "MP3_MONO",
    normalize: (value) => ["true", "false"].find((one) => one === value.toLowerCase()),
    forScript: (value) => (value === "true" ? value : ""),
  },
  {
    name: "language",
    metadataKey: "mp3drop_audio_language",
    about: "which audio stream to take where there are several",
    allowed: "three lower-case letters as in ISO 639-2, for example eng",
    fallback: "AUDIO_LANGUAGE of the app",
    variable: "AUDIO_LANGUAGE",
    normalize: (value) => (LANGUAGE.test(value) ? value : undefined),
  },
  {
    name: "loudness",
    metadataKey: "mp3drop_loudness",
    about: "make it this loud, in LUFS (EBU R128)",
    allowed: "a number from -70 to -5 with at most one decimal, for example -16",
    fallback: "as loud as the video",
    variable: "MP3_LOUDNESS_LUFS",
    normalize: readLoudness,
  },
  {
    name: "start",
    metadataKey: "mp3drop_start",
    about: "leave out what comes before",
    allowed: TIME,
    fallback: "the start of the video",
    variable: "TRIM_START_SECONDS",
    normalize: readSeconds,
  },
  {
    name: "end",
    metadataKey: "mp3drop_end",
    about: "leave out what comes after",
    allowed: TIME,
    fallback: "the end of the video",
    variable: "TRIM_END_SECONDS",
    normalize: readSeconds,
  },
];

export const MP3_OPTIONS: WorkloadOptions = {
  table: TABLE,
  findConflict({ bitrate, quality, start = "0", end }) {
    if (bitrate !== undefined && quality !== undefined) {
      return { name: "quality", problem: "(variable bit rate) and mp3drop_bitrate (constant) exclude each other" };
    }
    if (end !== undefined && Number(end) <= Number(start)) {
      return { name: "end", problem: `must be after the start, ${start} s, not ${end} s` };
    }
    return undefined;
  },
  used(environment) {
    const text = (name: string): string | null => environment[name] || null;
    const number = (name: string): number | null => (text(name) === null ? null : Number(text(name)));
    const quality = number("MP3_QUALITY");
    return {
      bitrate: quality === null ? number("MP3_BITRATE_KBPS") : null,
      quality,
      mono: text("MP3_MONO") === "true",
      language: text("AUDIO_LANGUAGE"),
      loudness: number("MP3_LOUDNESS_LUFS"),
      start: number("TRIM_START_SECONDS"),
      end: number("TRIM_END_SECONDS"),
    };
  },
};

/** The options in the metadata of a video, or the failure `BadOptions` that names what is wrong with them. */
export function parseOptions(metadata: Readonly<Record<string, string>>): ParsedOptions {
  return parseMetadata(MP3_OPTIONS, metadata);
}

function readLoudness(value: string): string | undefined {
  const lufs = Number(value);
  return /^-\d{1,2}(\.\d)?$/.test(value) && lufs >= -70 && lufs <= -5 ? String(lufs) : undefined;
}

/** In seconds with at most three decimals, below 1,000 hours. */
function readSeconds(value: string): string | undefined {
  const [, hours = "0", minutes = "0", seconds] =
    /^(?:(?:(\d{1,3}):)?([0-5]?\d):)?(\d{1,7}(?:\.\d{1,3})?)$/.exec(value) ?? [];
  if (seconds === undefined) return undefined;
  if (value.includes(":") && !/^[0-5]?\d(\.|$)/.test(seconds)) return undefined;
  const milliseconds = Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1000);
  return milliseconds < 3_600_000_000 ? String(milliseconds / 1000) : undefined;
}
