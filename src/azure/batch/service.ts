import type { BatchServiceClient } from "@azure/batch";
import type { BatchSettings } from "../../config.ts";
import { BatchError } from "../../model/errors.ts";
import type { BatchService } from "../../services.ts";
import type { NodeNeeds } from "../../workloads/workload.ts";
import type { Remembered } from "../remembered.ts";
import { remembered } from "../remembered.ts";
import { deleteOldJobs, listOldTasks } from "./oldJobs.ts";
import { ensureJob, listGenerations, newestOpen, readJobState } from "./job.ts";
import { ensurePool } from "./pool.ts";
import { addTask, deleteTask, readStdout, readTask, terminateTask } from "./task.ts";
import { explainWaiting } from "./waiting.ts";

/** Codes that mean that the job we remember takes no more tasks. */
const JOB_IS_GONE = new Set([
  "JobNotFound",
  "JobBeingDeleted",
  "JobBeingTerminated",
  "JobCompleted",
  "JobDisabled",
  "JobNotActive",
]);

/** What is the same for all waiting tasks is looked up once and shared by all who ask within this time. */
const SHARED_LOOK_MS = 5_000;

/** Azure Batch, as the app uses it. */
export function createBatchService(
  client: BatchServiceClient,
  settings: BatchSettings,
  needs: readonly NodeNeeds[],
  { sharedLookMs = SHARED_LOOK_MS } = {},
): BatchService {
  const place = remembered(async () => {
    await ensurePool(client, settings, needs);
    return { poolId: settings.poolId, jobId: await ensureJob(client, settings) };
  });

  const waiting = remembered(() => explainWaiting(client, settings.poolId), { maxAgeMs: sharedLookMs });
  const jobStates = new Map<string, Remembered<string>>();
  const jobState = (jobId: string): Promise<string> => {
    const known = jobStates.get(jobId) ?? remembered(() => readJobState(client, jobId), { maxAgeMs: sharedLookMs });
    jobStates.set(jobId, known);
    return known.get();
  };

  return {
    ensurePoolAndJob: place.get,
    async findJob() {
      const open = newestOpen(await listGenerations(client, settings.jobId));
      return open && { poolId: settings.poolId, jobId: open.id };
    },
    async addTask(task) {
      const { poolId, jobId } = await place.get();
      try {
        await addTask(client, jobId, task);
      } catch (error) {
        if (error instanceof BatchError && JOB_IS_GONE.has(error.code ?? "")) place.forget();
        throw error;
      }
      return { poolId, jobId, taskId: task.taskId };
    },
    readTask: (task) => readTask(client, task, jobState),
    readStdout: (task, maxBytes) => readStdout(client, task, maxBytes),
    async explainWaiting() {
      const reason = await waiting.get();
      if (reason !== undefined) return reason;
      await place.get({ isFresh: true });
      waiting.forget();
      return { code: "NoCapacity", text: `pool ${settings.poolId} was gone and is being created again` };
    },
    terminateTask: (task) => terminateTask(client, task),
    deleteTask: (task) => deleteTask(client, task),
    async *listOldTasks(before) {
      for await (const page of listOldTasks(client, settings.jobId, before)) {
        yield page.map((task) => ({ poolId: settings.poolId, ...task }));
      }
    },
    deleteOldJobs: (before) => deleteOldJobs(client, settings.jobId, before),
  };
}
