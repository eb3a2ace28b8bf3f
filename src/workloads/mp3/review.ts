import type { ConversionRecord } from "../../model/conversion.ts";
import type { Review, TaskReport } from "../workload.ts";
import type { Mp3File } from "./mp3File.ts";
import { readMp3 } from "./mp3File.ts";
import type { Decoding, Mp3Report, ProbedStream } from "./report.ts";
import { numberOf } from "./report.ts";
import { findProblem, isDurationRight, promisedSeconds } from "./wholeness.ts";

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
  const { ffmpegVersion, ffprobeVersion, streamIndex, source, decoding } = report as Mp3Report;
  const stream = source?.streams?.find(({ index }) => index === streamIndex);
  const mp3 = readResult(report);
  const saidSeconds = promisedSeconds(stream ?? {}, decoding ?? NOTHING_KNOWN) ?? numberOf(source?.format?.duration);
  return {
    input: {
      durationSeconds: durationOfAudio(saidSeconds, mp3.durationSeconds),
      audioStream: stream ? describeStream(stream) : null,
    },
    output: { ...describeMp3(mp3) },
    tools: { ...(ffmpegVersion && { ffmpeg: ffmpegVersion }), ...(ffprobeVersion && { ffprobe: ffprobeVersion }) },
    problem: mp3.flaw
      ? { code: "FfmpegFailed", message: mp3.flaw }
      : findProblem(stream ?? {}, decoding ?? NOTHING_KNOWN, mp3),
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

function durationOfAudio(saidSeconds: number | null, mp3Seconds: number): number | null {
  if (saidSeconds === null) return mp3Seconds || null;
  return isDurationRight(saidSeconds, mp3Seconds) ? saidSeconds : Math.max(saidSeconds, mp3Seconds);
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

function describeMp3({ durationSeconds, bitrateKbps }: Mp3File): Mp3Facts {
  return { durationSeconds, bitrateKbps };
}
