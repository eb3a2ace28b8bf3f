import type { JobRef, NewTask, Submission, TaskRef } from "../model/batchTask.ts";
import type { Attempt, BlobVersion, VersionFacts } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import { taskIdOf } from "../model/identity.ts";
import { whyTooLarge } from "../model/nodeDisk.ts";
import { addSeconds, parseTime } from "../model/time.ts";
import { isRecorded } from "../results/recorded.ts";
import { removeTraces, stagedBlobs } from "../results/staging.ts";
import type { BlobAddress, Services } from "../services.ts";
import { optionsIn, workloadNamed } from "../workloads/index.ts";
import { checkedCommandLine } from "../workloads/commandLine.ts";
import { NO_OPTIONS, environmentFor } from "../workloads/options.ts";
import { TASK_FILES } from "../workloads/taskFiles.ts";
import { withdraw } from "./withdraw.ts";

export interface SubmitTaskInput extends Attempt {
  /** The task of the previous attempt, if it may still be running; it is ended first. */
  readonly abandoned: TaskRef | null;
  /** The task of this attempt whose access runs out while it waits. It is replaced, unless it no longer waits. */
  readonly replaced?: { readonly task: TaskRef; readonly renewal: number };
  /** Which of the tasks of this attempt, where nothing is replaced; the first one if left out. */
  readonly renewal?: number;
  /** Where it has just been said what is true of the version: then there is no look at it before the task is added. */
  readonly facts?: VersionFacts;
}

type SubmitTaskOutput =
  | { readonly status: "submitted"; readonly submission: Submission }
  /** Nothing was added: the task that was to be replaced has begun, or has ended. */
  | { readonly status: "notWaiting" }
  | { readonly status: "refused"; readonly failure: Failure }
  | { readonly status: "deleted" }
  | { readonly status: "superseded" };

/**
 * How long a task may wait before its URLs have to be renewed. Whoever gets hold of them can read the blob for so long,
 * but a renewed task goes to the end of the queue. With the longest conversion, two days, and the margin it stays below
 * the seven days of a user delegation key.
 */
const WAITING_ACCESS_SECONDS = 4 * 24 * 3600;
/** For looks that come late, slow uploads, and clocks that differ. */
const ACCESS_MARGIN_SECONDS = 3600;
const LOG_TYPE = "text/plain; charset=utf-8";

/**
 * Adds the task of one attempt, unless the input is gone or has been replaced. Adding it again changes nothing.
 *
 * A call may be so late that nobody waits for its answer any more: the conversion has ended, and has deleted its task.
 * So this looks once the task is there, and takes it back if nobody wants it: a look before would say no more.
 */
export async function submitTask(services: Services, input: SubmitTaskInput): Promise<SubmitTaskOutput> {
  const { config, batch, now } = services;
  if (input.abandoned !== null) await batch.terminateTask(input.abandoned);
  const workload = workloadNamed(input.workload);
  const facts = input.facts === undefined ? readFacts(services, input.source) : Promise.resolve(input.facts);
  const [version, companion] = await Promise.all([facts, findCompanion(services, input, facts)]);
  if (typeof version === "string") {
    // An earlier call whose answer was lost may have added the task before the input was replaced.
    await takeBack(services, input, await batch.findJob());
    return { status: version };
  }
  const tooLarge = whyTooLarge(config.batch, version.sizeBytes);
  if (tooLarge !== undefined) return { status: "refused", failure: tooLarge };
  const { chosen, failure } = optionsIn(version.metadata, workload);
  if (chosen === undefined) return { status: "refused", failure };
  const options = workload.options ?? NO_OPTIONS;
  const environment = { ...config.scriptEnvironments[workload.name], ...environmentFor(options, chosen) };
  if (input.replaced !== undefined && !(await withdraw(batch, input.replaced.task))) return { status: "notWaiting" };

  const convertingSeconds = config.convertingTimeoutMinutes * 60;
  const accessSeconds = WAITING_ACCESS_SECONDS + convertingSeconds + ACCESS_MARGIN_SECONDS;
  const calledAt = now();
  const expiresOn = addSeconds(calledAt, accessSeconds);
  const described = await describeTask(services, input, { environment, companion, expiresOn });
  const { addedBefore, ...task } = await batch.addTask(described);
  const demand = await readDemand(services, input);
  if (demand !== "wanted") {
    await takeBack(services, input, task);
    return { status: demand };
  }
  // A task that an earlier call has added has its access from then.
  const addedAt = addedBefore === undefined ? calledAt : parseTime(addedBefore);
  const submission = {
    task,
    submittedAt: addedAt.toISOString(),
    waitingSeconds: config.waitingTimeoutMinutes === 0 ? null : config.waitingTimeoutMinutes * 60,
    convertingSeconds,
    accessUntil: config.batch.nodeIdentityId === undefined ? addSeconds(addedAt, accessSeconds).toISOString() : null,
    renewal: renewalOf(input),
    options: options.used(environment),
  };
  return { status: "submitted", submission };
}

async function readFacts(
  { blobs }: Services,
  { eTag, ...blob }: BlobVersion,
): Promise<VersionFacts | "deleted" | "superseded"> {
  const current = await blobs.properties(blob);
  if (current?.eTag !== eTag) return current === undefined ? "deleted" : "superseded";
  const { sizeBytes, lastModified, metadata } = current;
  return { sizeBytes, lastModified: lastModified.toISOString(), metadata };
}

/** Whether anybody wants the result of this attempt. With a record of it, or of a later one, this call is too late. */
async function readDemand(services: Services, input: SubmitTaskInput): Promise<"wanted" | "deleted" | "superseded"> {
  const [current, isOver] = await Promise.all([services.blobs.properties(input.source), isRecorded(services, input)]);
  if (current === undefined) return "deleted";
  return current.eTag === input.source.eTag && !isOver ? "wanted" : "superseded";
}

/** Looked for beside the input, which costs no time. After a failure nothing remembered is trusted: it may be the reason. */
async function findCompanion(
  { companions }: Services,
  { workload, source, attempt }: SubmitTaskInput,
  facts: Promise<VersionFacts | string>,
): Promise<StagedCompanion | undefined> {
  const { companion } = workloadNamed(workload);
  if (companion === undefined) return undefined;
  const uploadedAt = async (): Promise<Date> => {
    const version = await facts;
    return typeof version === "string" ? new Date(0) : parseTime(version.lastModified);
  };
  const blob = await companions.find(source, companion, uploadedAt, { isFresh: attempt > 1 });
  return blob && { file: companion.stem, blob };
}

interface StagedCompanion {
  /** In the directory of the task. */
  readonly file: string;
  readonly blob: BlobAddress;
}

function renewalOf({ replaced, renewal = 0 }: SubmitTaskInput): number {
  return replaced === undefined ? renewal : replaced.renewal + 1;
}

async function takeBack(services: Services, input: SubmitTaskInput, job: JobRef | undefined): Promise<void> {
  const taskId = taskIdOf(input.conversionId, input.attempt, renewalOf(input));
  const task = job && { poolId: job.poolId, jobId: job.jobId, taskId };
  await removeTraces(services, input.conversionId, input.attempt, task ?? null);
}

interface TaskDetails {
  readonly environment: Readonly<Record<string, string>>;
  readonly companion: StagedCompanion | undefined;
  /** When its access to the storage account ends. */
  readonly expiresOn: Date;
}

async function describeTask(
  services: Services,
  input: SubmitTaskInput,
  { environment, companion, expiresOn }: TaskDetails,
): Promise<NewTask> {
  const { config, blobs, layout } = services;
  const { conversionId, source, attempt } = input;
  const workload = workloadNamed(input.workload);
  const { staging } = config.containers;
  const { nodeIdentityId } = config.batch;
  const script = (await layout.ensure())(workload);
  const readUrl = async (blob: BlobAddress): Promise<string> =>
    nodeIdentityId === undefined ? blobs.readUrl(blob, expiresOn) : blobs.url(blob);
  const [scriptUrl, inputUrl, companionUrl, containerUrl] = await Promise.all([
    readUrl(script),
    readUrl(source),
    companion && readUrl(companion.blob),
    nodeIdentityId === undefined ? blobs.writeUrl(staging, expiresOn) : blobs.containerUrl(staging),
  ]);
  const staged = stagedBlobs(staging, conversionId, attempt);
  return {
    taskId: taskIdOf(conversionId, attempt, renewalOf(input)),
    commandLine: checkedCommandLine(workload),
    environment,
    inputs: {
      [TASK_FILES.script]: scriptUrl,
      [TASK_FILES.input]: inputUrl,
      ...(companion !== undefined && companionUrl !== undefined && { [companion.file]: companionUrl }),
    },
    outputs: (
      [
        [TASK_FILES.result, staged.result, workload.resultType, "tasksuccess"],
        [TASK_FILES.stderr, staged.stderr, LOG_TYPE, "taskcompletion"],
        // The last one, because it tells the app that the task has ended.
        [TASK_FILES.report, staged.report, "application/json", "taskcompletion"],
      ] as const
    ).map(([file, blob, contentType, when]) => ({ file, containerUrl, blobName: blob.name, contentType, when })),
    ...(nodeIdentityId !== undefined && { identityId: nodeIdentityId }),
    maxWallClockMinutes: config.convertingTimeoutMinutes,
  };
}
