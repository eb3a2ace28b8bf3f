import type { Mp3Report, ProbedChapter, ProbedStream } from "./report.ts";
import { numberOf } from "./report.ts";

/** The part of the sound that was to be converted. */
export interface Part {
  /** How much of the sound comes before it. */
  readonly skippedSeconds: number;
  /** Where the part has an end of its own, that of the sound may come before. Null: all the rest. */
  readonly limitSeconds: number | null;
}

export const ALL: Part = { skippedSeconds: 0, limitSeconds: null };

export function partOf(report: Mp3Report, stream: ProbedStream): Part {
  const { soundStart, start, end } = timesOf(report, stream);
  return { skippedSeconds: start - soundStart, limitSeconds: end === null ? null : end - start };
}

/** How many chapters ffmpeg takes along: those that the part at least touches. */
export function countChaptersIn(report: Mp3Report, stream: ProbedStream): number {
  const { start, end } = timesOf(report, stream);
  const isIn = ({ start_time, end_time }: ProbedChapter): boolean =>
    (numberOf(end_time) ?? Infinity) >= start && (numberOf(start_time) ?? 0) <= (end ?? Infinity);
  return report.source?.chapters?.filter(isIn).length ?? 0;
}

/** In seconds of the video, which may begin to play its sound late. The trim counts in the same time. */
function timesOf(
  { source, trimStart, trimEnd = null }: Mp3Report,
  { start_time }: ProbedStream,
): { readonly soundStart: number; readonly start: number; readonly end: number | null } {
  const fileStart = numberOf(source?.format?.start_time) ?? 0;
  const soundStart = Math.max(0, (numberOf(start_time) ?? 0) - fileStart);
  return { soundStart, start: Math.max(soundStart, trimStart ?? 0), end: trimEnd };
}
