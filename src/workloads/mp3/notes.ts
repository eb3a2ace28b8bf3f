import type { CoverSource, Mp3Report } from "./report.ts";
import { numberOf } from "./report.ts";

/** More do not fit into the table of contents of an ID3 tag. */
export const MAX_CHAPTERS = 255;

const NO_PICTURES: Readonly<Record<CoverSource, string>> = {
  file: "The picture beside the video",
  video: "The picture in the video",
};

/** A listener does not notice less, in LU. */
const LOUDNESS_TOLERANCE = 1;

/** In the video. */
export function countChapters({ source }: Mp3Report): number {
  return source?.chapters?.length ?? 0;
}

/** What a good MP3 lacks all the same, in words. */
export function notesOn(report: Mp3Report): string[] {
  const chapters = countChapters(report);
  return [
    ...(report.badCovers ?? []).map((from) => `${NO_PICTURES[from]} was left out: it is damaged, too large, or none`),
    ...(chapters > MAX_CHAPTERS ? [`The ${chapters} chapters were left out: an MP3 has at most ${MAX_CHAPTERS}`] : []),
    ...noteOnLoudness(report),
  ];
}

function noteOnLoudness({ loudnessTarget, loudness }: Mp3Report): string[] {
  if (typeof loudnessTarget !== "number") return [];
  const found = numberOf(loudness?.output_i);
  if (found === null) return ["The sound is as loud as in the video: it is too quiet, or too short, to be measured"];
  if (Math.abs(found - loudnessTarget) <= LOUDNESS_TOLERANCE) return [];
  return [`The sound is at ${found} LUFS: its peaks or its silence did not allow ${loudnessTarget} LUFS`];
}
