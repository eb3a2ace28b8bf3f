import type { ConversionRecord } from "../../model/conversion.ts";
import type { Review, TaskReport } from "../workload.ts";
import type { Mp3File } from "./mp3File.ts";
import { readMp3 } from "./mp3File.ts";
import { MAX_CHAPTERS, countChapters, notesOn } from "./notes.ts";
import { countChaptersIn, partOf } from "./part.ts";
import type { CoverSource, Decoding, Mp3Report, ProbedStream } from "./report.ts";
import { numberOf } from "./report.ts";
import { findProblem, isDurationRight, promisedSeconds, wasReadToItsEnd } from "./wholeness.ts";

/** About the video, in the record. */
interface VideoFacts {
  /** Of its audio: what the file says, or what was found in it if that is more. */
  readonly durationSeconds: number | null;
  readonly audioStream: AudioStream | null;
}

/** The audio stream that was converted, as ffprobe describes it. */
interface AudioStream {
  /** Index among all streams of the file. */
  readonly index: number;
  readonly codec: string;
  readonly language: string | null;
  readonly channels: number;
  readonly sampleRateHz: number;
}

/** About the MP3, in the record. */
interface Mp3Facts {
  readonly durationSeconds: number;
  readonly bitrateKbps: number;
  /** Where its picture is from: a file beside the video, or the video. Left out where it has none. */
  readonly cover?: CoverSource;
  /** Left out where there are none. */
  readonly chapters?: number;
  /** By EBU R 128, as it was before MP3 changed it a little. Left out where no loudness was asked for. */
  readonly loudnessLufs?: number;
  /** For people: what of the video, or of what was asked for, is not in the MP3. Left out where there is nothing to say. */
  readonly notes?: readonly string[];
}

/** The record of a video's conversion. */
export type Mp3Record = ConversionRecord<VideoFacts, Mp3Facts>;

const NOTHING_KNOWN: Decoding = {
  packets: null,
  frames: null,
  filledSamples: 0,
  droppedSamples: 0,
  isCutOff: false,
};

export function reviewReport(report: TaskReport): Review {
  const { ffmpegVersion, ffprobeVersion, streamIndex, source, decoding, encoding } = report as Mp3Report;
  const stream = source?.streams?.find(({ index }) => index === streamIndex);
  const mp3 = readResult(report);
  return {
    input: {
      durationSeconds: durationOfAudio(report, stream ?? {}, mp3.durationSeconds),
      audioStream: stream ? describeStream(stream) : null,
    },
    output: { ...describeMp3(mp3, report, stream ?? {}) },
    tools: { ...(ffmpegVersion && { ffmpeg: ffmpegVersion }), ...(ffprobeVersion && { ffprobe: ffprobeVersion }) },
    problem:
      mp3.flaw !== undefined && encoding?.packets !== 0
        ? { code: "FfmpegFailed", message: mp3.flaw }
        : findProblem(stream ?? {}, decoding ?? NOTHING_KNOWN, mp3, partOf(report, stream ?? {})),
  };
}

function readResult({ resultBytes, resultEdges, encoding, result }: Mp3Report): Mp3File {
  if (resultEdges) return readMp3(resultEdges, resultBytes ?? 0, encoding ?? null);
  return {
    durationSeconds: numberOf(result?.format?.duration) ?? 0,
    bitrateKbps: Math.round(Number(result?.format?.bit_rate ?? 0) / 1000),
    sampleRateHz: numberOf(result?.streams?.[0]?.sample_rate) ?? 0,
    flaw: undefined,
  };
}

function durationOfAudio(report: Mp3Report, stream: ProbedStream, mp3Seconds: number): number | null {
  const { source, decoding } = report;
  const saidSeconds = promisedSeconds(stream, decoding ?? NOTHING_KNOWN) ?? numberOf(source?.format?.duration);
  const part = partOf(report, stream);
  if (mp3Seconds === 0 || !wasReadToItsEnd(part, mp3Seconds)) return saidSeconds;
  const foundSeconds = part.skippedSeconds + mp3Seconds;
  if (saidSeconds === null) return foundSeconds;
  return isDurationRight(saidSeconds, foundSeconds) ? saidSeconds : Math.max(saidSeconds, foundSeconds);
}

function describeStream({ index, codec_name, sample_rate, channels, tags }: ProbedStream): AudioStream {
  return {
    index: index ?? 0,
    codec: codec_name ?? "unknown",
    language: tags?.language ?? null,
    channels: channels ?? 0,
    sampleRateHz: Number(sample_rate ?? 0),
  };
}

function describeMp3({ durationSeconds, bitrateKbps }: Mp3File, report: Mp3Report, stream: ProbedStream): Mp3Facts {
  const chapters = countChapters(report) <= MAX_CHAPTERS ? countChaptersIn(report, stream) : 0;
  const loudnessLufs = numberOf(report.loudness?.output_i);
  const notes = notesOn(report);
  return {
    durationSeconds,
    bitrateKbps,
    ...(report.cover && { cover: report.cover }),
    ...(chapters > 0 && { chapters }),
    ...(loudnessLufs !== null && { loudnessLufs }),
    ...(notes.length > 0 && { notes }),
  };
}
