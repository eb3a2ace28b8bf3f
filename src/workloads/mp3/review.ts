import type { ConversionRecord } from "../../model/conversion.ts";
import type { Review, TaskReport } from "../workload.ts";

/** About the video, in the record. */
interface VideoFacts {
  /** Of the audio stream if the file says so, else of the whole file. */
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

/** The MP3 may differ from the source by this share of its duration, but always by `DURATION_SLACK_SECONDS`. */
const DURATION_TOLERANCE = 0.005;
/** An MP3 consists of whole frames and carries the encoder's delay: about 0.1 s more than the source. */
const DURATION_SLACK_SECONDS = 0.25;

/** What convert.sh adds to its report: what ffprobe found in the video and in the MP3. */
interface Mp3Report extends TaskReport {
  readonly ffmpegVersion?: string | null;
  readonly streamIndex?: number | null;
  readonly source?: Probe | null;
  readonly result?: Probe | null;
}

interface Probe {
  readonly streams?: readonly ProbedStream[];
  readonly format?: { readonly duration?: string; readonly bit_rate?: string };
}

interface ProbedStream {
  readonly index: number;
  readonly codec_name?: string;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly duration?: string;
  readonly tags?: { readonly language?: string };
}

/** Compares the durations, because ffmpeg also exits with 0 when it has converted only a part of the file. */
export function reviewReport(report: TaskReport): Review {
  const { ffmpegVersion, streamIndex, source, result } = report as Mp3Report;
  const input = describeVideo(source ?? {}, streamIndex ?? null);
  const output = describeMp3(result ?? {});
  return {
    input: { ...input },
    output: { ...output },
    tools: ffmpegVersion ? { ffmpeg: ffmpegVersion } : {},
    problem: compareDurations(input.durationSeconds, output.durationSeconds),
  };
}

function describeVideo({ streams, format }: Probe, streamIndex: number | null): VideoFacts {
  const stream = streams?.find(({ index }) => index === streamIndex);
  return {
    durationSeconds: seconds(stream?.duration) ?? seconds(format?.duration),
    audioStream: stream
      ? {
          index: stream.index,
          codec: stream.codec_name ?? "unknown",
          language: stream.tags?.language ?? null,
          channels: stream.channels ?? 0,
          sampleRateHz: Number(stream.sample_rate ?? 0),
        }
      : null,
  };
}

function describeMp3({ format }: Probe): Mp3Facts {
  return {
    durationSeconds: seconds(format?.duration) ?? 0,
    bitrateKbps: Math.round(Number(format?.bit_rate ?? 0) / 1000),
  };
}

/** Where ffprobe does not know a duration, it leaves it out or writes `N/A`. */
function seconds(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? null : value;
}

/** Whether an MP3 of this length can be that of a video with so many seconds of sound. */
export function isDurationRight(expectedSeconds: number, actualSeconds: number): boolean {
  const tolerance = Math.max(DURATION_SLACK_SECONDS, expectedSeconds * DURATION_TOLERANCE);
  return Math.abs(expectedSeconds - actualSeconds) <= tolerance;
}

function compareDurations(expectedSeconds: number | null, actualSeconds: number): Review["problem"] {
  if (expectedSeconds === null || isDurationRight(expectedSeconds, actualSeconds)) return undefined;
  return {
    code: "OutputMismatch",
    message: `The MP3 is ${actualSeconds} s long, but the audio of the video is ${expectedSeconds} s`,
  };
}
