import { text } from "node:stream/consumers";
import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import type { NewTask, TaskReading, TaskRef } from "../../model/batchTask.ts";
import { BatchError } from "../../model/errors.ts";
import { withoutSecrets } from "../../model/redact.ts";
import { retrying, unlessCode, unlessMissing } from "./retrying.ts";

/** How long a node keeps the directory of a task that has ended. Everything of interest has been uploaded by then. */
const RETENTION = "PT1H";

/** Returns when an earlier call had added it, in ISO 8601; undefined if this one has. */
export async function addTask(client: BatchServiceClient, jobId: string, task: NewTask): Promise<string | undefined> {
  const what = `add task ${task.taskId} to job ${jobId}`;
  const identity = task.identityId === undefined ? {} : { identityReference: { resourceId: task.identityId } };
  let isNew = false;
  await unlessCode(what, ["TaskExists"], async () => {
    await client.task.add(jobId, {
      id: task.taskId,
      commandLine: task.commandLine,
      environmentSettings: Object.entries(task.environment).map(([name, value]) => ({ name, value })),
      resourceFiles: Object.entries(task.inputs).map(([filePath, httpUrl]) => ({ filePath, httpUrl, ...identity })),
      outputFiles: task.outputs.map((output) => ({
        filePattern: output.file,
        destination: {
          container: {
            containerUrl: output.containerUrl,
            path: output.blobName,
            ...identity,
            uploadHeaders: [{ name: "x-ms-blob-content-type", value: output.contentType }],
          },
        },
        uploadOptions: { uploadCondition: output.when },
      })),
      // Batch would retry after every non-zero exit status. The orchestration knows which failures are worth it.
      constraints: {
        maxTaskRetryCount: 0,
        maxWallClockTime: `PT${task.maxWallClockMinutes}M`,
        retentionTime: RETENTION,
      },
    });
    isNew = true;
  });
  if (isNew) return undefined;
  const existing = await retrying(what, () =>
    client.task.get(jobId, task.taskId, { taskGetOptions: { select: "id,creationTime" } }),
  );
  return existing.creationTime?.toISOString();
}

/** Tasks of a job in any other state never start. */
const OPEN_JOB_STATES = new Set(["active", "enabling"]);

/** `jobState` is called only for a task that is waiting. */
export async function readTask(
  client: BatchServiceClient,
  { jobId, taskId }: TaskRef,
  jobState: (jobId: string) => Promise<string>,
): Promise<TaskReading> {
  const task = await unlessMissing(`read task ${taskId}`, () =>
    client.task.get(jobId, taskId, { taskGetOptions: { select: "id,state,creationTime,executionInfo,nodeInfo" } }),
  );
  if (task === undefined) return { state: "lost", reason: `Task ${taskId} is no longer in job ${jobId}` };
  const startedAt = task.executionInfo?.startTime?.toISOString() ?? null;
  if (task.state === "completed") {
    return { ...completion(task.executionInfo), startedAt, nodeId: task.nodeInfo?.nodeId ?? null };
  }
  if (task.state === "running") return { state: "running", startedAt };
  const job = await jobState(jobId);
  return OPEN_JOB_STATES.has(job)
    ? { state: "active", addedAt: task.creationTime?.toISOString() ?? null }
    : { state: "lost", reason: `Job ${jobId} is ${job}: it runs no tasks` };
}

/** None if there is no such job. */
export async function listTaskIds(client: BatchServiceClient, jobId: string, idPrefix: string): Promise<string[]> {
  const what = `list the tasks ${idPrefix}* of job ${jobId}`;
  const options = { taskListOptions: { filter: `startswith(id,'${idPrefix}')`, select: "id" } };
  const found: string[] = [];
  for (let page = await unlessMissing(what, () => client.task.list(jobId, options)); page !== undefined;) {
    found.push(...page.map(({ id = "" }) => id));
    const next = page.odatanextLink;
    page = next ? await retrying(what, () => client.task.listNext(next)) : undefined;
  }
  return found;
}

export async function readTaskFile(
  client: BatchServiceClient,
  { jobId, taskId }: TaskRef,
  file: "stdout.txt" | "stderr.txt",
  maxBytes: number,
): Promise<string> {
  const options = { fileGetFromTaskOptions: { ocpRange: `bytes=0-${maxBytes - 1}` } };
  try {
    return await retrying(`read ${file} of task ${taskId}`, async () => {
      const { readableStreamBody } = await client.file.getFromTask(jobId, taskId, file, options);
      return readableStreamBody === undefined ? "" : text(readableStreamBody);
    });
  } catch (error) {
    // Not there yet, no longer there, or still empty: https://learn.microsoft.com/rest/api/batchservice/file/get-from-task
    if (error instanceof BatchError && [404, 409, 416].includes(error.statusCode ?? 0)) return "";
    throw error;
  }
}

/** Refusals that mean that the task does not run, nor ever will: it is over, or its job is, and ends its tasks. */
const TASK_IS_OVER = [
  "TaskCompleted",
  "TaskNotFound",
  "JobNotFound",
  "JobCompleted",
  "JobBeingTerminated",
  "JobBeingDeleted",
];

export async function terminateTask(client: BatchServiceClient, { jobId, taskId }: TaskRef): Promise<void> {
  await unlessCode(`end task ${taskId}`, TASK_IS_OVER, () => client.task.terminate(jobId, taskId));
}

export async function deleteTask(
  client: BatchServiceClient,
  { jobId, taskId }: Omit<TaskRef, "poolId">,
): Promise<void> {
  await unlessCode(`delete task ${taskId}`, ["TaskNotFound", "JobNotFound", "JobBeingDeleted"], () =>
    client.task.deleteMethod(jobId, taskId),
  );
}

type Completion = Omit<Extract<TaskReading, { state: "completed" }>, "startedAt" | "nodeId">;

/** The service writes both `success` and `Success`. */
function completion(info: BatchServiceModels.TaskExecutionInformation | undefined): Completion {
  const failureInfo = info?.failureInfo;
  return {
    state: "completed",
    succeeded: info?.result?.toLowerCase() === "success" && info.exitCode === 0 && failureInfo === undefined,
    exitCode: info?.exitCode ?? null,
    failure: failureInfo ? { code: failureInfo.code ?? "Unknown", message: messageOf(failureInfo) } : null,
    endedAt: info?.endTime?.toISOString() ?? null,
  };
}

function messageOf({ message, details }: BatchServiceModels.TaskFailureInformation): string {
  return withoutSecrets(
    [message ?? "no message", ...(details ?? []).map(({ name, value }) => `${name}: ${value}`)].join("; "),
  );
}
