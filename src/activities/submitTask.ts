import type { NewTask, Submission, TaskRef } from "../model/batchTask.ts";
import type { Attempt } from "../model/conversion.ts";
import { taskIdOf } from "../model/identity.ts";
import { addSeconds } from "../model/time.ts";
import { removeTraces, stagedBlobs } from "../results/staging.ts";
import type { Services } from "../services.ts";
import { workloadNamed } from "../workloads/index.ts";
import { TASK_FILES } from "../workloads/taskFiles.ts";

export interface SubmitTaskInput extends Attempt {
  /** The task of the previous attempt, if it may still be running; it is ended first. */
  readonly abandoned: TaskRef | null;
}

type SubmitTaskOutput =
  | { readonly status: "submitted"; readonly submission: Submission }
  | { readonly status: "deleted" }
  | { readonly status: "superseded" };

/** SAS URLs outlive both deadlines by this much, to allow for clocks that differ and slow uploads. */
const SAS_MARGIN_SECONDS = 3600;
const LOG_TYPE = "text/plain; charset=utf-8";

/** Adds the task of one attempt, unless the input is gone or has been replaced. Adding it again changes nothing. */
export async function submitTask(services: Services, input: SubmitTaskInput): Promise<SubmitTaskOutput> {
  const { config, batch, blobs, now } = services;
  if (input.abandoned !== null) await batch.terminateTask(input.abandoned);
  const found = await blobs.properties(input.source);
  if (found?.eTag !== input.source.eTag) {
    await takeBack(services, input);
    return { status: found === undefined ? "deleted" : "superseded" };
  }

  const submittedAt = now();
  const waitingSeconds = config.waitingTimeoutMinutes * 60;
  const convertingSeconds = config.convertingTimeoutMinutes * 60;
  const accessUntil = addSeconds(submittedAt, waitingSeconds + convertingSeconds + SAS_MARGIN_SECONDS);
  const task = await batch.addTask(await describeTask(services, input, accessUntil));
  const submission = {
    task,
    submittedAt: submittedAt.toISOString(),
    waitingSeconds,
    convertingSeconds,
    accessUntil: accessUntil.toISOString(),
  };
  return { status: "submitted", submission };
}

/** An earlier call whose answer was lost may have added the task before the input was replaced. */
async function takeBack(services: Services, input: SubmitTaskInput): Promise<void> {
  const place = await services.batch.ensurePoolAndJob();
  await removeTraces(services, input.conversionId, input.attempt, {
    ...place,
    taskId: taskIdOf(input.conversionId, input.attempt),
  });
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
    commandLine: `/bin/bash ${TASK_FILES.script}`,
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
