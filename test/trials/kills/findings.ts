import { conversionIdOf } from "../../../src/model/identity.ts";
import type { Evidence } from "./evidence.ts";
import type { Ledger } from "./uploading.ts";

/** What the kills have done, in a sentence each. */
export interface Findings {
  /** Acknowledged uploads that are not there, or have no MP3. */
  readonly lost: string[];
  /** What is there, and should be something else. */
  readonly wrong: string[];
  readonly attemptsUsedUp: string[];
}

/** What a video should look like, and its MP3. */
export interface Expected {
  readonly md5: string;
  /** Of the sound of its MP3. */
  readonly soundMd5: string;
}

/** `soundMd5` is that of the MP3 found; undefined if it does not decode. */
export function judge(
  name: string,
  { acknowledged, unacknowledged }: Ledger,
  { input, record, mp3 }: Evidence,
  soundMd5: string | undefined,
  videos: readonly Expected[],
): Findings {
  const findings: Findings = { lost: [], wrong: [], attemptsUsedUp: [] };
  const { lost, wrong, attemptsUsedUp } = findings;
  if (input === undefined) {
    if (acknowledged !== undefined) {
      lost.push(`${name}: version ${acknowledged.eTag} was acknowledged and is not there`);
    }
    return findings;
  }
  const isAcknowledged = input.eTag === acknowledged?.eTag;
  const candidates = isAcknowledged ? [acknowledged.video] : unacknowledged;
  const video = candidates.find((candidate) => videos[candidate]?.md5 === input.md5);
  if (video === undefined) {
    if (acknowledged === undefined || isAcknowledged) {
      wrong.push(`${name}: version ${input.eTag} has other bytes than were uploaded`);
    } else lost.push(`${name}: version ${acknowledged.eTag} was acknowledged, and ${input.eTag} is there`);
    return findings;
  }
  const conversionId = conversionIdOf("mp3", { container: "input", name, eTag: input.eTag });
  if (record === undefined) {
    lost.push(`${name}: version ${input.eTag} (conversion ${conversionId}) has no record`);
    return findings;
  }
  if (record.conversionId !== conversionId) {
    lost.push(`${name}: the record is of ${record.conversionId}, not of the version that is there, ${conversionId}`);
    return findings;
  }
  if (record.attempts !== 1) attemptsUsedUp.push(`${name} (conversion ${conversionId}): ${record.attempts} attempts`);
  if (record.error !== null) {
    lost.push(`${name} (conversion ${conversionId}): ${record.error.code}: ${record.error.message}`);
  } else if (mp3 === undefined) {
    lost.push(`${name}: the record of ${conversionId} says succeeded, and there is no MP3`);
  } else if (mp3.metadata["conversionid"] !== conversionId || mp3.bytes.length !== record.output?.sizeBytes) {
    wrong.push(
      `${name}: the MP3 is of ${mp3.metadata["conversionid"]}, ${mp3.bytes.length} bytes, not of ${conversionId}`,
    );
  } else if (soundMd5 !== videos[video]?.soundMd5) {
    wrong.push(
      `${name}: the MP3 of ${conversionId} ${soundMd5 === undefined ? "does not decode" : "sounds different"}`,
    );
  }
  return findings;
}
