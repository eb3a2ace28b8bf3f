import type { TaskReport } from "../workload.ts";

/** What convert.sh adds to its report. */
export interface Mp3Report extends TaskReport {
  readonly ffmpegVersion?: string | null;
  readonly ffprobeVersion?: string | null;
  /** Index of the audio stream that was converted. */
  readonly streamIndex?: number | null;
  /** What ffprobe found in the video. */
  readonly source?: Probe | null;
  readonly decoding?: Decoding | null;
  readonly encoding?: Encoding | null;
  readonly resultEdges?: Mp3Edges | null;
  /** Where the picture in the MP3 is from: the file `cover`, or the video; and where one was that is none. */
  readonly cover?: CoverSource | null;
  readonly badCovers?: readonly CoverSource[];
  /** Seconds of the video, as the script was told; null where it was not. */
  readonly trimStart?: number | null;
  readonly trimEnd?: number | null;
  /** In LUFS, as the script was told. */
  readonly loudnessTarget?: number | null;
  readonly loudness?: Loudness | null;
  /** What ffprobe found in the MP3, in a report of the script of an older version, which had no `resultEdges`. */
  readonly result?: Probe | null;
}

export interface Probe {
  readonly streams?: readonly ProbedStream[];
  readonly format?: { readonly start_time?: string; readonly duration?: string; readonly bit_rate?: string };
  readonly chapters?: readonly ProbedChapter[];
}

/** A report of the script of an older version has no times. */
export interface ProbedChapter {
  readonly start_time?: string;
  readonly end_time?: string;
}

export interface ProbedStream {
  /** Among all streams of the file. */
  readonly index?: number;
  readonly codec_name?: string;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly start_time?: string;
  readonly duration?: string;
  /** How many packets the index at the start or the end of the file lists. Fragments are in none. */
  readonly nb_frames?: string;
  readonly tags?: { readonly language?: string };
}

/** What ffmpeg's log says of the sound. */
export interface Decoding {
  /** How many were read; null if ffmpeg did not say. */
  readonly packets: number | null;
  /** How many the packets gave. */
  readonly frames: number | null;
  /** Silence where the timestamps have a gap, in samples of the MP3. */
  readonly filledSamples: number;
  /** Sound that was left out because the timestamps go back, in samples of the MP3. */
  readonly droppedSamples: number;
  /** The file ended within a packet, or before one that should have come. */
  readonly isCutOff: boolean;
}

/** What ffmpeg's log says of the MP3's frames, without their index; null if it did not say. */
export interface Encoding {
  readonly packets: number | null;
  readonly bytes: number | null;
}

export type CoverSource = "file" | "video";

/** What ffmpeg's filter loudnorm says of the sound, in LUFS; empty where it did not measure. */
export interface Loudness {
  readonly output_i?: string;
}

/** The ends of the MP3 file, in hexadecimal digits. */
export interface Mp3Edges {
  /** Of the ID3 tag, where the file begins. */
  readonly id3Bytes: number;
  /** After the ID3 tag. */
  readonly firstBytes: string;
  /** As many as the longest frame has. */
  readonly lastBytes: string;
}

/** Where ffprobe does not know a number, it leaves it out or writes `N/A`. */
export function numberOf(text: string | undefined): number | null {
  const value = Number(text);
  return text === undefined || Number.isNaN(value) ? null : value;
}
