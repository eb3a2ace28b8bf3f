import { TASK_FILES } from "../../../src/workloads/taskFiles.ts";
import { mp3 as workload } from "../../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../../src/workloads/resultNames.ts";
import type { Evidence } from "./evidence.ts";
import type { Upload } from "./uploading.ts";

/** What went wrong, in a sentence each. All lists must be empty. */
export interface Findings {
  /** A video, its record or its MP3 is not there, or the conversion did not succeed. */
  readonly lost: readonly string[];
  /** A conversion that ran more than once. */
  readonly double: readonly string[];
  /** Something is there that should not be, or is not what it should be. */
  readonly wrong: readonly string[];
}

interface Trial {
  readonly uploads: readonly Upload[];
  readonly resultBytes: number;
  /** How many results tasks have uploaded. */
  readonly resultsStaged: number;
  /** Names of services that died. */
  readonly restarted: readonly string[];
}

/** Compares what a trial has left with what it uploaded. */
export function judge({ uploads, resultBytes, resultsStaged, restarted }: Trial, evidence: Evidence): Findings {
  const lost: string[] = [];
  const double: string[] = [];
  const wrong: string[] = [];
  const known = new Set<string>();
  for (const { name, conversionId } of uploads) {
    const names = resultNamesFor(workload, name);
    known.add(names.record).add(names.result);
    const record = evidence.records.get(names.record);
    const mp3 = evidence.mp3s.get(names.result);
    if (!evidence.inputs.has(name)) lost.push(`${name}: it was uploaded, and is not there`);
    if (record === undefined) lost.push(`${name}: no record`);
    else if (record.conversionId !== conversionId) wrong.push(`${name}: its record is that of ${record.conversionId}`);
    else if (record.status !== "succeeded") lost.push(`${name}: the conversion ended as ${record.status}`);
    else if (mp3 === undefined) lost.push(`${name}: the record says succeeded, and there is no MP3`);
    if (record !== undefined && record.attempt !== "1") double.push(`${name}: it took ${record.attempt} attempts`);
    if (mp3 === undefined) continue;
    if (mp3.conversionId !== conversionId) wrong.push(`${name}: its MP3 is that of ${mp3.conversionId}`);
    if (mp3.sizeBytes !== resultBytes) wrong.push(`${name}: its MP3 has ${mp3.sizeBytes} bytes, not ${resultBytes}`);
  }
  for (const name of [...evidence.records.keys(), ...evidence.mp3s.keys()]) {
    if (!known.has(name)) wrong.push(`${name}: nobody uploaded a video for it`);
  }
  const leftovers = evidence.staged.filter((name) => name.endsWith(`/${TASK_FILES.result}`));
  for (const name of leftovers) wrong.push(`${name}: it was left in the staging container`);
  for (const service of restarted) wrong.push(`${service}: it died and was started again`);
  const extra = resultsStaged - uploads.length;
  if (extra > 0) double.push(`${extra} more results were staged than there are videos`);
  return { lost, double, wrong };
}

export function isClean({ lost, double, wrong }: Findings): boolean {
  return lost.length + double.length + wrong.length === 0;
}
