import type { ConversionView } from "../../../src/model/conversion.ts";
import type { Failure } from "../../../src/model/failures.ts";
import { MAX_ATTEMPTS, isRetried } from "../../../src/model/failures.ts";
import { mp3 as workload } from "../../../src/workloads/mp3/index.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import { isDurationRight } from "../../../src/workloads/mp3/wholeness.ts";
import { resultNamesFor } from "../../../src/workloads/resultNames.ts";
import type { Evidence } from "./evidence.ts";
import { expectedFailure } from "./plan.ts";
import type { Upload } from "./uploading.ts";

/** What went wrong, in a sentence each. Only the last two lists may have any. */
export interface Findings {
  readonly lost: string[];
  readonly duplicated: string[];
  readonly unexplained: string[];
  /** Failures of the platform that used up all their attempts. */
  readonly explained: string[];
  readonly notes: string[];
}

/** Compares what a trial has left behind with what was uploaded, in order of time. */
export function judgeTrial(uploads: readonly Upload[], evidence: Evidence): Findings {
  const findings: Findings = { lost: [], duplicated: [], unexplained: [], explained: [], notes: [] };
  const newest = new Map(uploads.map((upload) => [upload.name, upload]));
  for (const upload of newest.values()) judgeVideo(upload, evidence, findings);
  judgeConversions(uploads, evidence.views, findings);
  judgeUnknownBlobs([...newest.keys()], evidence, findings);
  judgeStaged(evidence, findings);
  return findings;
}

function judgeVideo(upload: Upload, { records, mp3s, views }: Evidence, findings: Findings): void {
  const { name, conversionId } = upload;
  const names = resultNamesFor(workload, name);
  const record = records.get(names.record);
  const mp3 = mp3s.get(names.result);
  if (record === undefined) {
    findings.lost.push(`${name}: no record`);
    return;
  }
  if (record.conversionId !== conversionId) {
    // A conversion that ended with a record had written it, so another one has replaced it.
    const list = (views.get(conversionId)?.record ?? null) === null ? findings.lost : findings.duplicated;
    list.push(`${name}: the record is that of ${record.conversionId}, not of the newest version, ${conversionId}`);
    return;
  }
  if (record.status === "succeeded") {
    if (mp3 === undefined) findings.lost.push(`${name}: the record says succeeded, and there is no MP3`);
    else if (mp3.conversionId !== conversionId || mp3.sizeBytes !== record.output?.sizeBytes) {
      findings.duplicated.push(`${name}: the MP3 is that of ${mp3.conversionId}, not of the record, ${conversionId}`);
    }
  } else if (mp3 !== undefined && views.get(mp3.conversionId ?? "")?.status !== "succeeded") {
    findings.duplicated.push(`${name}: there is an MP3 of ${mp3.conversionId}, which has not succeeded`);
  }
  judgeOutcome(upload, record, findings);
}

function judgeOutcome({ name, content }: Upload, record: Mp3Record, findings: Findings): void {
  const expected = expectedFailure(content);
  const { error, output, attempts } = record;
  if (error === null) {
    const seconds = content.kind === "tone" ? content.seconds : 0;
    const isRight = expected === undefined && isDurationRight(seconds, output?.durationSeconds ?? 0);
    if (!isRight) {
      findings.unexplained.push(`${name}: ${content.kind} of ${seconds} s gave ${output?.durationSeconds} s of MP3`);
    }
    return;
  }
  const said = `${name} (${content.kind}): ${error.code} after ${attempts} attempts: ${error.message}`;
  if (error.message === "" || error.hint === "") findings.unexplained.push(`${said}; no message or no hint`);
  else if (error.code !== expected) {
    const isExplained = isCausedByFaults(error) && attempts >= MAX_ATTEMPTS;
    (isExplained ? findings.explained : findings.unexplained).push(said);
  }
}

function isCausedByFaults(failure: Failure): boolean {
  return isRetried(failure) && failure.code !== "InternalError";
}

/** Every conversion that began must have ended properly, even one whose video was replaced. */
function judgeConversions(
  uploads: readonly Upload[],
  views: ReadonlyMap<string, ConversionView>,
  { unexplained }: Findings,
): void {
  for (const { name, conversionId } of uploads) {
    const view = views.get(conversionId);
    if (view?.status === "running") unexplained.push(`${name}: ${conversionId} has not ended, ${JSON.stringify(view)}`);
    if (view?.status === "failed" && view.record === null) unexplained.push(`${name}: ${conversionId} broke off`);
  }
}

function judgeUnknownBlobs(names: readonly string[], { records, mp3s }: Evidence, findings: Findings): void {
  const known = new Set(names.flatMap((name) => Object.values(resultNamesFor(workload, name))));
  for (const name of [...records.keys(), ...mp3s.keys()]) {
    if (!known.has(name)) findings.duplicated.push(`${name}: belongs to no video`);
  }
}

/** The daily clean-up removes them: what a killed task uploads late cannot be prevented. */
function judgeStaged({ staged, views }: Evidence, { notes }: Findings): void {
  const left = staged.filter((name) => views.has(name.split("/")[0] ?? ""));
  if (left.length > 0) notes.push(`${left.length} staged blobs of ended conversions are left: ${left.join(", ")}`);
}
