import type { BatchServiceClient } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import type { WaitReason } from "../../model/batchTask.ts";
import { BatchError } from "../../model/errors.ts";
import type { BatchService } from "../../services.ts";
import type { NodeNeeds } from "../../workloads/workload.ts";
import type { Remembered } from "../remembered.ts";
import { remembered } from "../remembered.ts";
import { listGenerations, listOpenJobs, newestOpen, readJobState } from "./job.ts";
import { deleteOldJobs, listOldTasks } from "./oldJobs.ts";
import { ensuredPlace } from "./place.ts";
import { createQueue } from "./queue.ts";
import { addTask, deleteTask, listTaskIds, readTask, readTaskFile, terminateTask } from "./task.ts";

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
  const place = ensuredPlace(client, settings, needs, sharedLookMs);
  const queue = createQueue(client, settings.poolId, sharedLookMs);
  const openJobs = remembered(() => listOpenJobs(client, settings.jobId), { maxAgeMs: sharedLookMs });
  const jobStates = new Map<string, Remembered<string>>();
  const jobState = (jobId: string): Promise<string> => {
    const known = jobStates.get(jobId) ?? remembered(() => readJobState(client, jobId), { maxAgeMs: sharedLookMs });
    jobStates.set(jobId, known);
    return known.get();
  };

  /** While Batch refuses to make the pool, the queue stands still. An answer that says nothing of the pool is thrown. */
  const makePoolAgain = async (): Promise<WaitReason> => {
    try {
      await place.get({ isFresh: true });
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      const { failureCode, message } = error;
      if (failureCode === "QuotaExceeded") return { code: failureCode, text: message };
      if (failureCode === "Misconfigured") return { code: "NoCapacity", text: message };
      throw error;
    }
    queue.forgetPool();
    return { code: "NoCapacity", text: `pool ${settings.poolId} was gone and is being created again` };
  };

  return {
    ensurePoolAndJob: place.get,
    takeNotices: place.takeNotices,
    async findJob() {
      const open = newestOpen(await listGenerations(client, settings.jobId));
      return open && { poolId: settings.poolId, jobId: open.id };
    },
    async addTask(task) {
      const { poolId, jobId } = await place.get();
      try {
        const addedBefore = await addTask(client, jobId, task);
        return { poolId, jobId, taskId: task.taskId, ...(addedBefore !== undefined && { addedBefore }) };
      } catch (error) {
        if (error instanceof BatchError && JOB_IS_GONE.has(error.code ?? "")) place.forget();
        throw error;
      }
    },
    readTask: (task) => readTask(client, task, jobState),
    readStdout: (task, maxBytes) => readTaskFile(client, task, "stdout.txt", maxBytes),
    readStderr: (task, maxBytes) => readTaskFile(client, task, "stderr.txt", maxBytes),
    async readQueue({ jobId }, addedAt) {
      await place.settle();
      const reading = await queue.read(jobId, addedAt);
      if (reading !== undefined) return reading;
      const reason = await makePoolAgain();
      return { reason, isMoving: false, isGrowing: false, succeeded: 0, before: null };
    },
    readLoad: async () => queue.readLoad(await openJobs.get()),
    async findTasks(idPrefix) {
      const all = await listGenerations(client, settings.jobId);
      const generations = all.filter(({ state }) => state !== "deleting");
      const found = await Promise.all(generations.map(({ id }) => listTaskIds(client, id, idPrefix)));
      return generations.flatMap(({ id: jobId }, index) =>
        (found[index] ?? []).map((taskId) => ({ poolId: settings.poolId, jobId, taskId })),
      );
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
