import type { Mp3Report, ProbedStream } from "./report.ts";
import { numberOf } from "./report.ts";

/** The part of the sound that was to be converted. */
export interface Part {
  /** How much of the sound comes before it. */
  readonly skippedSeconds: number;
  /** Where the part has an end of its own, that of the sound may come before. Null: all the rest. */
  readonly limitSeconds: number | null;
}

export const ALL: Part = { skippedSeconds: 0, limitSeconds: null };

/** The trim counts in the time of the video, which may begin to play its sound late. */
export function partOf({ source, trimStart, trimEnd }: Mp3Report, stream: ProbedStream): Part {
  const fileStart = numberOf(source?.format?.start_time) ?? 0;
  const soundStart = Math.max(0, (numberOf(stream.start_time) ?? 0) - fileStart);
  const start = Math.max(soundStart, trimStart ?? 0);
  return { skippedSeconds: start - soundStart, limitSeconds: typeof trimEnd === "number" ? trimEnd - start : null };
}
