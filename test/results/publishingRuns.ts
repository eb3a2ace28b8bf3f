import type { PublishInput } from "../../src/activities/publish.ts";
import { publish } from "../../src/activities/publish.ts";
import { recordFailure } from "../../src/activities/recordFailure.ts";
import { ConflictError } from "../../src/model/errors.ts";
import type { Failure } from "../../src/model/failures.ts";
import { failureOf } from "../../src/model/failures.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import type { StagedBlobs } from "../../src/results/staging.ts";
import { stagedBlobs } from "../../src/results/staging.ts";
import type { BlobAddress, Services } from "../../src/services.ts";

/** Versions of one video, in the order in which they are uploaded. */
export const VERSIONS = ["A", "B", "C"] as const;
export type Version = (typeof VERSIONS)[number];

/** What a run has to know of the versions. */
export interface Uploads {
  /** Of those that have been uploaded. */
  readonly eTags: Readonly<Partial<Record<Version, string>>>;
  readonly areClocksWrong: boolean;
}

/** A run of an activity. */
export interface Run {
  readonly activity: "publish" | "recordFailure";
  readonly version: Version;
  /** 1 if not given. */
  readonly attempt?: number;
}

export interface Scenario {
  /** What has come to its end before: nothing if not given. */
  readonly before?: Run;
  /** The version in the input container when the runs begin. */
  readonly input: Version;
  readonly runs: readonly [Run, Run];
  /** What becomes of the input, at any moment: the next version is uploaded, or the video is deleted. */
  readonly events?: readonly ("upload" | "delete")[];
  /** Whether the order matters in which the log is dealt with. */
  readonly isAboutLogs?: boolean;
  /** Whether the clocks of the hosts differ so much that a newer version seems to have been started earlier. */
  readonly areClocksWrong?: boolean;
}

export const VIDEO = "talk.mp4";

export function nameOf({ activity, version, attempt = 1 }: Run): string {
  return `${activity} ${version}${attempt}`;
}

export function describe({ before, input, runs, events = [], isAboutLogs, areClocksWrong }: Scenario): string {
  const past = before === undefined ? "nothing before" : `after ${nameOf(before)}`;
  const more = `${isAboutLogs ? ", with logs" : ""}${areClocksWrong ? ", with wrong clocks" : ""}`;
  return `${runs.map(nameOf).join(" with ")}, ${past}, input ${[input, ...events].join(", ")}${more}`;
}

/** Whether its version has been uploaded, after so many events. */
export function canStart({ version }: Run, { input, events = [] }: Scenario, happened: number): boolean {
  const uploads = events.slice(0, happened).filter((event) => event === "upload").length;
  return VERSIONS.indexOf(version) <= VERSIONS.indexOf(input) + uploads;
}

/** What a run has said becomes of its conversion. */
export type Told = "succeeded" | "failed" | "superseded";

/** Runs the activity as the orchestration does: what is rejected is recorded as a failure. */
export async function perform(services: Services, uploads: Uploads, run: Run): Promise<Told> {
  const input = inputOf(services, uploads, run);
  const fail = async (failure: Failure): Promise<Told> => {
    const recorded = await recordFailure(services, { ...input, failure });
    if (recorded.status === "superseded") return "superseded";
    return recorded.record.error === null ? "succeeded" : "failed";
  };
  if (run.activity === "recordFailure") return fail(failureOf("InternalError"));
  const published = await publish(services, input);
  if (published.status === "rejected") return fail(published.failure);
  return published.status === "superseded" ? "superseded" : "succeeded";
}

const MAX_TRIES = 3;

/** As the Durable extension does: after a conflict, again. */
export async function performToTheEnd(services: Services, uploads: Uploads, run: Run): Promise<Told> {
  for (let tries = 1; ; tries++) {
    try {
      return await perform(services, uploads, run);
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === MAX_TRIES) throw error;
    }
  }
}

export function contentOfResult({ version, attempt = 1 }: Pick<Run, "version" | "attempt">): string {
  return `MP3 of ${version}, attempt ${attempt}`;
}

/** What the task of the run has left in the staging container. */
export function stagedFiles(
  services: Services,
  uploads: Uploads,
  run: Run,
): (BlobAddress & { readonly text: string; readonly contentType: string })[] {
  const { conversionId, attempt } = inputOf(services, uploads, run);
  const staged: StagedBlobs = stagedBlobs(services.config.containers.staging, conversionId, attempt);
  const text = contentOfResult(run);
  const report = {
    outcome: "Converted",
    resultBytes: text.length,
    streamIndex: 1,
    source: { streams: [{ index: 1, duration: "3.0" }], format: { duration: "3.0" } },
    result: { format: { duration: "3.0", bit_rate: "192000" } },
  };
  return [
    { ...staged.result, text, contentType: "audio/mpeg" },
    { ...staged.report, text: JSON.stringify(report), contentType: "application/json" },
    { ...staged.stderr, text: `log of ${nameOf(run)}`, contentType: "text/plain" },
  ];
}

function inputOf({ config }: Services, uploads: Uploads, { version, attempt = 1 }: Run): PublishInput {
  const eTag = uploads.eTags[version];
  const number = VERSIONS.indexOf(version);
  if (eTag === undefined) throw new RangeError(`Version ${version} has not been uploaded`);
  const source = { container: config.containers.input, name: VIDEO, eTag };
  const conversionId = conversionIdOf("mp3", source);
  return {
    conversionId,
    workload: "mp3",
    source,
    attempt,
    startedAt: `2026-01-01T12:0${uploads.areClocksWrong ? 9 - number : number}:00.000Z`,
    submission: {
      task: { poolId: "p", jobId: "j", taskId: `${conversionId}-${attempt}` },
      submittedAt: "2026-01-01T12:10:00.000Z",
      waitingSeconds: 60,
      convertingSeconds: 60,
      accessUntil: "2026-01-02T00:00:00.000Z",
    },
    completed: {
      state: "completed",
      succeeded: true,
      exitCode: 0,
      failure: null,
      startedAt: "2026-01-01T12:20:00.000Z",
      endedAt: "2026-01-01T12:30:00.000Z",
      nodeId: "n",
    },
  };
}
