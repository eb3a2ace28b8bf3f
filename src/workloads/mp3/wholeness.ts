import type { Review } from "../workload.ts";
import type { Mp3File } from "./mp3File.ts";
import type { Part } from "./part.ts";
import { ALL } from "./part.ts";
import type { Decoding, ProbedStream } from "./report.ts";
import { numberOf } from "./report.ts";

/** The MP3 may differ from the source by this share of its duration, but always by `DURATION_SLACK_SECONDS`. */
const DURATION_TOLERANCE = 0.005;
/** An MP3 consists of whole frames and carries the encoder's delay: about 0.1 s more than the source. */
const DURATION_SLACK_SECONDS = 0.25;

/** Whether an MP3 of this length can be that of a video with so many seconds of sound. */
export function isDurationRight(expectedSeconds: number, actualSeconds: number): boolean {
  return Math.abs(expectedSeconds - actualSeconds) <= toleranceFor(expectedSeconds);
}

function toleranceFor(seconds: number): number {
  return Math.max(DURATION_SLACK_SECONDS, seconds * DURATION_TOLERANCE);
}

/**
 * How many seconds of sound there must be by the timestamps in the file; null where they say nothing. It may well have
 * more: where each fragment has an index of its own (HLS), ffprobe does not count the last one.
 */
export function promisedSeconds(stream: ProbedStream, decoding: Decoding): number | null {
  const seconds = numberOf(stream.duration) || null;
  if (seconds === null || !isFragmented(stream, decoding)) return seconds;
  // The time at which the fragments end, which is more than their length if the beginning of the recording is missing.
  const startSeconds = Math.max(0, numberOf(stream.start_time) ?? 0);
  return startSeconds < seconds ? round(seconds - startSeconds) : seconds;
}

/** Fragments can also follow the part of a file that is in its index. */
function isFragmented({ nb_frames }: ProbedStream, { packets }: Decoding): boolean {
  const listed = numberOf(nb_frames);
  return listed === null || (packets ?? 0) > listed;
}

/**
 * Whether all the sound that was to be converted is in the MP3: ffmpeg also exits with 0 when it has converted only some
 * of it. What a header says too little is no problem; what it says too much, what ffmpeg could not read and what it did
 * not make sound of, is.
 */
export function findProblem(
  stream: ProbedStream,
  decoding: Decoding,
  mp3: Mp3File,
  part: Part = ALL,
): Review["problem"] {
  const excess = findExcess(stream, decoding, mp3.durationSeconds, part);
  if (excess !== undefined) return { code: "FfmpegFailed", message: excess };
  const problem = findMissing(stream, decoding, mp3.durationSeconds, part) ?? findSilenced(decoding, mp3, part);
  return problem === undefined ? undefined : { code: "OutputMismatch", message: problem };
}

/** Whether the sound ended before the part that was to be converted did, so that all of it was read. */
export function wasReadToItsEnd({ limitSeconds }: Part, mp3Seconds: number): boolean {
  return limitSeconds === null || mp3Seconds < limitSeconds - DURATION_SLACK_SECONDS;
}

/** Sound that was to be left out. */
function findExcess(
  stream: ProbedStream,
  decoding: Decoding,
  mp3Seconds: number,
  { skippedSeconds, limitSeconds }: Part,
): string | undefined {
  const promised = promisedSeconds(stream, decoding);
  const rest =
    skippedSeconds === 0 || promised === null || isFragmented(stream, decoding) ? Infinity : promised - skippedSeconds;
  const most = Math.min(limitSeconds ?? Infinity, rest + toleranceFor(rest));
  if (mp3Seconds <= most + DURATION_SLACK_SECONDS) return undefined;
  return `The MP3 is ${mp3Seconds} s long, but at most ${round(most)} s of the audio of the video were to be in it`;
}

/** Sound that is not in the file, because that is cut off. */
function findMissing(stream: ProbedStream, decoding: Decoding, mp3Seconds: number, part: Part): string | undefined {
  if (mp3Seconds === 0) return "There is no sound in the MP3";
  if (!wasReadToItsEnd(part, mp3Seconds)) return undefined;
  const readSeconds = part.skippedSeconds + mp3Seconds;
  const promised = promisedSeconds(stream, decoding);
  const expected = promised === null ? null : Math.min(promised - part.skippedSeconds, part.limitSeconds ?? Infinity);
  const fragmented = isFragmented(stream, decoding);
  // Fragments promise only themselves: if there is a little less than that, everything after it is missing too.
  const tolerance = fragmented ? DURATION_SLACK_SECONDS : toleranceFor(expected ?? 0);
  if (expected !== null && mp3Seconds < expected - tolerance) {
    const whole = expected === promised ? "the audio of the video" : "its part of the audio of the video";
    return `The MP3 is ${mp3Seconds} s long, but ${whole} is ${round(expected)} s`;
  }
  if (fragmented && decoding.isCutOff) {
    return `The video ends in the middle of its audio, after ${round(readSeconds)} s`;
  }

  const listed = numberOf(stream.nb_frames);
  const { packets } = decoding;
  if (promised !== null || listed === null || packets === null) return undefined;
  const missingSeconds = packets === 0 ? Infinity : (readSeconds * (listed - packets)) / packets;
  if (missingSeconds <= toleranceFor(mp3Seconds)) return undefined;
  return `Only ${packets} of the ${listed} packets of audio that the video lists are there`;
}

/** Some versions of ffmpeg have read on by a few packets when they notice that the part is over. */
const PACKETS_READ_AHEAD = 16;

/** Sound that is in the file, but not in the MP3. */
function findSilenced(
  decoding: Decoding,
  { durationSeconds: mp3Seconds, sampleRateHz }: Mp3File,
  part: Part,
): string | undefined {
  const { packets, frames, filledSamples, droppedSamples } = decoding;
  const tolerance = toleranceFor(mp3Seconds);
  const filledSeconds = sampleRateHz ? (filledSamples - droppedSamples) / sampleRateHz : 0;
  if (-filledSeconds > tolerance) {
    return `The timestamps of the video go back: ${round(-filledSeconds)} s of its audio are not in the MP3`;
  }
  // Silence is right where nobody recorded, and packets without sound are where an edit list hides them. Both together
  // are sound that could not be decoded.
  const readAhead = part.limitSeconds === null ? 0 : PACKETS_READ_AHEAD;
  const undecoded = packets && frames !== null ? Math.max(0, packets - readAhead - frames) / packets : 0;
  const undecodedSeconds = undecoded * (part.skippedSeconds + mp3Seconds);
  const silencedSeconds = Math.min(filledSeconds, undecodedSeconds);
  if (silencedSeconds <= tolerance) return undefined;
  return `${round(silencedSeconds)} s of the audio could not be decoded and are silent in the MP3`;
}

function round(seconds: number): number {
  return Math.round(seconds * 100) / 100;
}
