import type { ConversionView } from "../../../src/model/conversion.ts";
import type { Failure } from "../../../src/model/failures.ts";
import { MAX_ATTEMPTS, isRetried } from "../../../src/model/failures.ts";
import { mp3 as workload } from "../../../src/workloads/mp3/index.ts";
import type { Mp3Record } from "../../../src/workloads/mp3/review.ts";
import { isDurationRight } from "../../../src/workloads/mp3/wholeness.ts";
import { resultNamesFor } from "../../../src/workloads/resultNames.ts";
import type { FileOutcome } from "./changingFiles.ts";
import type { Evidence, FoundMp3 } from "./evidence.ts";
import { conversionOf } from "./evidence.ts";
import { expectedFailure } from "./plan.ts";
import type { Upload } from "./uploading.ts";

/** What went wrong, in a sentence each. */
export interface Findings {
  /** A video, its record, or the MP3 of a record that says succeeded is not there. */
  readonly lost: string[];
  /** Something is there that belongs to another version, or to nothing. */
  readonly duplicated: string[];
  /** An MP3 that is not what its record or its own metadata say, or a half-uploaded file that was converted. */
  readonly wrong: string[];
  readonly unexplained: string[];
  /** Failures of the platform that used up all their attempts, and results that `convert` could not get. */
  readonly explained: string[];
  /** Staged blobs of ended conversions. The daily clean-up removes what came too late for its own. */
  readonly stale: string[];
}

/** The lists that must be empty after a trial, whatever has struck. */
export const FATAL = ["lost", "duplicated", "wrong", "unexplained"] as const satisfies readonly (keyof Findings)[];

export function isClean(findings: Findings): boolean {
  return FATAL.every((list) => findings[list].length === 0);
}

interface Trial {
  /** In order of time. */
  readonly uploads: readonly Upload[];
  readonly files: readonly FileOutcome[];
}

/** Compares what a trial has left behind with what was done in it. */
export function judgeTrial({ uploads, files }: Trial, evidence: Evidence): Findings {
  const findings: Findings = { lost: [], duplicated: [], wrong: [], unexplained: [], explained: [], stale: [] };
  const newest = new Map(uploads.map((upload) => [upload.name, upload]));
  for (const upload of newest.values()) judgeVideo(upload, evidence, findings);
  for (const [name, mp3] of evidence.mp3s) judgeMp3(name, mp3, uploads, findings);
  judgeConversions(uploads, evidence.views, findings);
  judgeUnknownBlobs([...newest.keys()], evidence, findings);
  for (const file of files) judgeFile(file, findings);
  judgeStaged(evidence, findings);
  return findings;
}

function judgeVideo(upload: Upload, { videos, records, mp3s, logs, views }: Evidence, findings: Findings): void {
  const { name, conversionId } = upload;
  const names = resultNamesFor(workload, name);
  const record = records.get(names.record);
  if (videos.get(name) !== upload.eTag) {
    findings.lost.push(`${name}: the newest version, which the storage acknowledged, is not in it`);
  }
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
  judgeResult(upload, record, mp3s.get(names.result), views, findings);
  const log = record.error?.logBlob ?? null;
  if (log !== null && !logs.has(log)) findings.wrong.push(`${name}: the record names ${log}, which is not there`);
  judgeOutcome(upload, record, findings);
}

/**
 * The MP3 of an older version stays when a newer one fails. That one is superseded where its copy went through at the
 * moment when it was replaced: src/results/protocol.md.
 */
const MAY_LEAVE_A_RESULT: readonly (ConversionView["status"] | undefined)[] = ["succeeded", "superseded"];

/** Whether record and MP3 agree. */
function judgeResult(
  { name, conversionId }: Upload,
  record: Mp3Record,
  mp3: FoundMp3 | undefined,
  views: ReadonlyMap<string, ConversionView>,
  { lost, duplicated, wrong }: Findings,
): void {
  if (record.status !== "succeeded") {
    if (mp3 !== undefined && !MAY_LEAVE_A_RESULT.includes(views.get(mp3.conversionId)?.status)) {
      duplicated.push(`${name}: there is an MP3 of ${mp3.conversionId}, which has not succeeded`);
    }
    return;
  }
  if (mp3 === undefined) {
    lost.push(`${name}: the record says succeeded, and there is no MP3`);
    return;
  }
  if (mp3.conversionId !== conversionId) {
    duplicated.push(`${name}: the MP3 is that of ${mp3.conversionId}, not of the record, ${conversionId}`);
    return;
  }
  const saidOfRecord = `${record.output?.sizeBytes} bytes, attempt ${record.attempts}`;
  const saidOfMp3 = `${mp3.sizeBytes} bytes, attempt ${mp3.attempt}`;
  if (saidOfMp3 !== saidOfRecord) wrong.push(`${name}: the MP3 has ${saidOfMp3}; its record says ${saidOfRecord}`);
}

/** Whether an MP3, be it of the newest version or not, is what its metadata say. */
function judgeMp3(name: string, mp3: FoundMp3, uploads: readonly Upload[], { wrong }: Findings): void {
  const upload = uploads.find(({ conversionId }) => conversionId === mp3.conversionId);
  if (upload === undefined) return;
  const { content, eTag } = upload;
  const seconds = content.kind === "tone" ? content.seconds : 0;
  if (!isDurationRight(seconds, mp3.durationSeconds)) {
    wrong.push(`${name}: ${mp3.durationSeconds} s of MP3, and its version (${content.kind}) has ${seconds} s`);
  }
  if (mp3.sourceETag !== eTag) wrong.push(`${name}: of version ${mp3.sourceETag}, and its conversion of ${eTag}`);
  if (mp3.contentType !== workload.resultType) wrong.push(`${name}: of type ${mp3.contentType}`);
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

function judgeUnknownBlobs(names: readonly string[], { videos, records, mp3s }: Evidence, findings: Findings): void {
  const known = new Set([...names, ...names.flatMap((name) => Object.values(resultNamesFor(workload, name)))]);
  for (const name of [...videos.keys(), ...records.keys(), ...mp3s.keys()]) {
    if (!known.has(name)) findings.duplicated.push(`${name}: belongs to no video`);
  }
}

/**
 * Of a file that changes while it is uploaded, nothing may be in the storage, and the command must say so. One that does
 * not change is uploaded before anything strikes, but the storage may be away when its result is wanted.
 */
function judgeFile({ name, expected, said, isInStorage }: FileOutcome, findings: Findings): void {
  if (expected !== undefined && isInStorage) findings.wrong.push(`${name}: uploaded although it changed meanwhile`);
  const wanted = expected ?? "succeeded";
  if (said === wanted) return;
  const isExplained = expected === undefined && CAUSED_BY_FAULTS.includes(said ?? "");
  findings[isExplained ? "explained" : "unexplained"].push(`${name}: convert said ${said}, not ${wanted}`);
}

/** Codes of what `mp3drop convert` cannot help. */
const CAUSED_BY_FAULTS: readonly string[] = ["DownloadFailed", "StorageUnreachable", "NoRecord"];

function judgeStaged({ staged, views }: Evidence, { stale }: Findings): void {
  for (const name of staged) {
    const view = views.get(conversionOf(name));
    if (view?.status !== "running") stale.push(name);
  }
}
