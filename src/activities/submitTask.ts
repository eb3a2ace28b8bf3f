import type { JobRef, NewTask, Submission, TaskRef } from "../model/batchTask.ts";
import type { Attempt } from "../model/conversion.ts";
import type { Failure } from "../model/failures.ts";
import { taskIdOf } from "../model/identity.ts";
import { whyTooLarge } from "../model/nodeDisk.ts";
import { addSeconds } from "../model/time.ts";
import { isRecorded } from "../results/recorded.ts";
import { removeTraces, stagedBlobs } from "../results/staging.ts";
import type { Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import { checkedCommandLine } from "../workloads/commandLine.ts";
import { TASK_FILES } from "../workloads/taskFiles.ts";

export interface SubmitTaskInput extends Attempt {
  /** The task of the previous attempt, if it may still be running; it is ended first. */
  readonly abandoned: TaskRef | null;
}

type SubmitTaskOutput =
  | { readonly status: "submitted"; readonly submission: Submission }
  | { readonly status: "refused"; readonly failure: Failure }
  | { readonly status: "deleted" }
  | { readonly status: "superseded" };

/** SAS URLs outlive both deadlines by this much, to allow for clocks that differ and slow uploads. */
const SAS_MARGIN_SECONDS = 3600;
const LOG_TYPE = "text/plain; charset=utf-8";

/**
 * Adds the task of one attempt, unless the input is gone or has been replaced. Adding it again changes nothing.
 *
 * A call may be so late that nobody waits for its answer any more: the conversion has ended, and has deleted its task.
 * So this looks again once the task is there, and takes it back if nobody wants it.
 */
export async function submitTask(services: Services, input: SubmitTaskInput): Promise<SubmitTaskOutput> {
  const { config, batch, now } = services;
  if (input.abandoned !== null) await batch.terminateTask(input.abandoned);
  const { demand, sizeBytes } = await readDemand(services, input);
  if (demand !== "wanted") {
    // An earlier call whose answer was lost may have added the task before the input was replaced.
    await takeBack(services, input, await batch.findJob());
    return { status: demand };
  }
  const tooLarge = whyTooLarge(config.batch, sizeBytes);
  if (tooLarge !== undefined) return { status: "refused", failure: tooLarge };

  const submittedAt = now();
  const waitingSeconds = config.waitingTimeoutMinutes * 60;
  const convertingSeconds = config.convertingTimeoutMinutes * 60;
  const accessUntil = addSeconds(submittedAt, waitingSeconds + convertingSeconds + SAS_MARGIN_SECONDS);
  const task = await batch.addTask(await describeTask(services, input, accessUntil));
  const { demand: demandNow } = await readDemand(services, input);
  if (demandNow !== "wanted") {
    await takeBack(services, input, task);
    return { status: demandNow };
  }
  const submission = {
    task,
    submittedAt: submittedAt.toISOString(),
    waitingSeconds,
    convertingSeconds,
    accessUntil: accessUntil.toISOString(),
  };
  return { status: "submitted", submission };
}

interface Demand {
  readonly demand: "wanted" | "deleted" | "superseded";
  /** Of the input. */
  readonly sizeBytes: number;
}

/** Whether anybody wants the result of this attempt. With a record of it, or of a later one, this call is too late. */
async function readDemand(services: Services, input: SubmitTaskInput): Promise<Demand> {
  const { source } = input;
  const [current, isOver] = await Promise.all([services.blobs.properties(source), isRecorded(services, input)]);
  if (current === undefined) return { demand: "deleted", sizeBytes: 0 };
  const isWanted = current.eTag === source.eTag && !isOver;
  return { demand: isWanted ? "wanted" : "superseded", sizeBytes: current.sizeBytes };
}

async function takeBack(services: Services, input: SubmitTaskInput, job: JobRef | undefined): Promise<void> {
  const taskId = taskIdOf(input.conversionId, input.attempt);
  const task = job && { poolId: job.poolId, jobId: job.jobId, taskId };
  await removeTraces(services, input.conversionId, input.attempt, task ?? null);
}

async function describeTask(services: Services, input: SubmitTaskInput, expiresOn: Date): Promise<NewTask> {
  const { config, blobs, layout } = services;
  const { conversionId, source, attempt } = input;
  const workload = workloadNamed(input.workload);
  const [scriptUrl, inputUrl, containerUrl] = await Promise.all([
    layout.ensure().then((scriptOf) => blobs.readUrl(scriptOf(workload), expiresOn)),
    blobs.readUrl(source, expiresOn),
    blobs.writeUrl(config.containers.staging, expiresOn),
  ]);
  const staged = stagedBlobs(config.containers.staging, conversionId, attempt);
  return {
    taskId: taskIdOf(input.conversionId, input.attempt),
    commandLine: checkedCommandLine(workload),
    environment: config.scriptEnvironments[workload.name] ?? {},
    inputs: { [TASK_FILES.script]: scriptUrl, [TASK_FILES.input]: inputUrl },
    outputs: (
      [
        [TASK_FILES.result, staged.result, workload.resultType, "tasksuccess"],
        [TASK_FILES.report, staged.report, "application/json", "taskcompletion"],
        [TASK_FILES.stdout, staged.stdout, LOG_TYPE, "taskcompletion"],
        [TASK_FILES.stderr, staged.stderr, LOG_TYPE, "taskcompletion"],
      ] as const
    ).map(([file, blob, contentType, when]) => ({ file, containerUrl, blobName: blob.name, contentType, when })),
    maxWallClockMinutes: config.convertingTimeoutMinutes,
  };
}
