import type { ConversionRecord } from "../../model/conversion.ts";
import type { Review, TaskReport } from "../workload.ts";
import type { Decoding, Mp3Report, Probe, ProbedStream } from "./report.ts";
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
  const { ffmpegVersion, streamIndex, source, decoding, result } = report as Mp3Report;
  const stream = source?.streams?.find(({ index }) => index === streamIndex);
  const output = describeMp3(result ?? {});
  const saidSeconds = promisedSeconds(stream ?? {}, decoding ?? NOTHING_KNOWN) ?? numberOf(source?.format?.duration);
  return {
    input: {
      durationSeconds: durationOfAudio(saidSeconds, output.durationSeconds),
      audioStream: stream ? describeStream(stream) : null,
    },
    output: { ...output },
    tools: ffmpegVersion ? { ffmpeg: ffmpegVersion } : {},
    problem: findProblem(stream ?? {}, decoding ?? NOTHING_KNOWN, result ?? {}),
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

function describeMp3({ format }: Probe): Mp3Facts {
  return {
    durationSeconds: numberOf(format?.duration) ?? 0,
    bitrateKbps: Math.round(Number(format?.bit_rate ?? 0) / 1000),
  };
}
