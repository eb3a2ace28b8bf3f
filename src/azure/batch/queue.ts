import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import type { BatchLoad, QueueReading } from "../../model/batchTask.ts";
import type { Remembered } from "../remembered.ts";
import { remembered } from "../remembered.ts";
import { retrying } from "./retrying.ts";
import { lookAtPool } from "./waiting.ts";

/** How a job stands in the queue for the nodes of its pool. */
export interface Queue {
  /** For a task that was added at the given time. Undefined if there is no such pool. */
  read(jobId: string, addedAt: string | null): Promise<QueueReading | undefined>;
  /** Of the pool, and of these jobs together. */
  readLoad(jobIds: readonly string[]): Promise<BatchLoad>;
  forgetPool(): void;
}

/** Places change slowly, and their list is the longest of all answers. */
const LOOKS_PER_LIST = 12;
const PAGE_SIZE = 1000;

/**
 * All who ask within `sharedLookMs` share two requests about the pool and one about the job. For twelve times as long they
 * share a list of the waiting tasks, one request for every thousand. With looks of 5 seconds, that is at most 46 requests a
 * minute for each process of the app and ten thousand waiting conversions, and 37 for one.
 */
export function createQueue(client: BatchServiceClient, poolId: string, sharedLookMs: number): Queue {
  const pool = remembered(() => lookAtPool(client, poolId), { maxAgeMs: sharedLookMs });
  const counts = rememberedFor((jobId) => countTasks(client, jobId), sharedLookMs);
  const waitingSince = rememberedFor((jobId) => listWaiting(client, jobId), LOOKS_PER_LIST * sharedLookMs);
  /** The place is good to know, but a list that cannot be had must not hide what else there is to tell. */
  const countBefore = async (jobId: string, addedAt: string | null): Promise<number | null> => {
    if (addedAt === null) return null;
    const times = await waitingSince(jobId).catch(() => undefined);
    return times === undefined ? null : countBelow(times, Date.parse(addedAt));
  };

  return {
    forgetPool: pool.forget,
    async readLoad(jobIds) {
      const [found, tasks] = await Promise.all([pool.get(), Promise.all(jobIds.map(counts))]);
      const sum = (state: "active" | "running"): number => tasks.reduce((total, job) => total + job[state], 0);
      return { nodes: found?.nodes ?? null, tasks: { active: sum("active"), running: sum("running") } };
    },
    async read(jobId, addedAt) {
      const [found, tasks, before] = await Promise.all([pool.get(), counts(jobId), countBefore(jobId, addedAt)]);
      if (found === undefined) return undefined;
      const { reason, hasReadyNode, isGrowing } = found;
      return { reason, isMoving: hasReadyNode && tasks.running > 0, isGrowing, succeeded: tasks.succeeded, before };
    },
  };
}

/** A look at each job of its own: there may be an older generation whose last tasks still wait. */
function rememberedFor<Value>(
  look: (jobId: string) => Promise<Value>,
  maxAgeMs: number,
): (jobId: string) => Promise<Value> {
  const known = new Map<string, Remembered<Value>>();
  return (jobId) => {
    const ofJob = known.get(jobId) ?? remembered(() => look(jobId), { maxAgeMs });
    known.set(jobId, ofJob);
    return ofJob.get();
  };
}

async function countTasks(client: BatchServiceClient, jobId: string): Promise<BatchServiceModels.TaskCounts> {
  return (await retrying(`count the tasks of job ${jobId}`, () => client.job.getTaskCounts(jobId))).taskCounts;
}

/** When the waiting tasks were added, in milliseconds, the oldest first. */
async function listWaiting(client: BatchServiceClient, jobId: string): Promise<readonly number[]> {
  const what = `list the waiting tasks of job ${jobId}`;
  const options = { filter: "state eq 'active'", select: "id,creationTime", maxResults: PAGE_SIZE };
  const times: number[] = [];
  for (let page = await retrying(what, () => client.task.list(jobId, { taskListOptions: options })); ;) {
    for (const { creationTime } of page) if (creationTime !== undefined) times.push(creationTime.getTime());
    const next = page.odatanextLink;
    if (!next) return times.sort((a, b) => a - b);
    page = await retrying(what, () => client.task.listNext(next));
  }
}

/** How many of the sorted numbers are less than the bound. */
function countBelow(sorted: readonly number[], bound: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((sorted[middle] ?? Infinity) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}
