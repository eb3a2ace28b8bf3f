import type { AudioStream } from "../../model/conversion.ts";

/** How the task script ended; see convert.sh. */
export type TaskOutcome =
  | "Converted"
  | "DiskFull"
  | "FfmpegFailed"
  | "FfmpegMissing"
  | "Interrupted"
  | "NoAudioStream"
  | "UnreadableInput";

/** What the task script says in report.json of the media it saw. */
export interface TaskReport {
  readonly outcome: TaskOutcome;
  readonly ffmpegVersion: string | null;
  readonly source: { readonly durationSeconds: number | null; readonly audioStream: AudioStream | null } | null;
  readonly result: {
    readonly durationSeconds: number;
    readonly sizeBytes: number;
    readonly bitrateKbps: number;
  } | null;
}

interface Probe {
  readonly streams?: readonly ProbedStream[];
  readonly format?: { readonly duration?: string; readonly size?: string; readonly bit_rate?: string };
}

interface ProbedStream {
  readonly index: number;
  readonly codec_name?: string;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly duration?: string;
  readonly tags?: { readonly language?: string };
}

/** Reads report.json. Throws a `SyntaxError` when it is none, for instance because its upload was cut off. */
export function parseReport(json: string): TaskReport {
  const raw = JSON.parse(json) as {
    outcome: TaskOutcome;
    ffmpegVersion: string | null;
    streamIndex: number | null;
    source: Probe | null;
    result: Probe | null;
  } | null;
  if (raw?.outcome === undefined) throw new SyntaxError("The report has no outcome");
  return {
    outcome: raw.outcome,
    ffmpegVersion: raw.ffmpegVersion,
    source: raw.source && describeSource(raw.source, raw.streamIndex),
    result: raw.result && describeResult(raw.result),
  };
}

function describeSource({ streams, format }: Probe, streamIndex: number | null): NonNullable<TaskReport["source"]> {
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

function describeResult({ format }: Probe): NonNullable<TaskReport["result"]> {
  return {
    durationSeconds: seconds(format?.duration) ?? 0,
    sizeBytes: Number(format?.size ?? 0),
    bitrateKbps: Math.round(Number(format?.bit_rate ?? 0) / 1000),
  };
}

/** ffprobe leaves out a duration it does not know, or writes `N/A`. */
function seconds(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? null : value;
}
