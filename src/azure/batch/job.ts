import type { BatchServiceClient } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import { retrying, unlessCode, unlessMissing } from "./retrying.ts";

/**
 * When a job takes no more tasks, its next generation takes over: `mp3drop`, `mp3drop-2`, … New tasks go to the newest
 * one that is open, so an older one that is opened again, or was left open, only runs out.
 */
export interface JobGeneration {
  readonly id: string;
  readonly generation: number;
  /** In the service's words. */
  readonly state: string;
  /** Since when it has been in this state. */
  readonly stateSince: Date;
}

/** Returns the id of the newest generation that takes tasks, and creates one if there is none. */
export async function ensureJob(client: BatchServiceClient, { jobId, poolId }: BatchSettings): Promise<string> {
  const generations = await listGenerations(client, jobId);
  const open = newestOpen(generations);
  if (open !== undefined) return open.id;
  const id = idOf(jobId, (generations.at(-1)?.generation ?? 0) + 1);
  // If somebody else was faster, their job is the same. It must stay open when its tasks are done: with the other
  // setting, Batch would end it whenever it is empty for a moment.
  await unlessCode(`create job ${id}`, ["JobExists"], () =>
    client.job.add({ id, displayName: "mp3drop conversions", poolInfo: { poolId }, onAllTasksComplete: "noaction" }),
  );
  return id;
}

export function newestOpen(generations: readonly JobGeneration[]): JobGeneration | undefined {
  return generations.findLast(({ state }) => state === "active" || state === "enabling");
}

/** Those that may still have tasks to run. */
export async function listOpenJobs(client: BatchServiceClient, jobId: string): Promise<string[]> {
  const generations = await listGenerations(client, jobId);
  return generations.filter(({ state }) => state !== "completed" && state !== "deleting").map(({ id }) => id);
}

/** All there are, the oldest first. */
export async function listGenerations(client: BatchServiceClient, jobId: string): Promise<JobGeneration[]> {
  const what = `list the jobs ${jobId}*`;
  const options = {
    jobListOptions: { filter: `startswith(id,'${jobId}')`, select: "id,state,stateTransitionTime" },
  };
  const found: JobGeneration[] = [];
  for (let page = await retrying(what, () => client.job.list(options)); ;) {
    for (const { id = "", state = "active", stateTransitionTime = new Date() } of page) {
      const generation = generationOf(jobId, id);
      if (generation === undefined) continue;
      found.push({ id, generation, state: state.toLowerCase(), stateSince: stateTransitionTime });
    }
    const next = page.odatanextLink;
    if (!next) return found.sort((a, b) => a.generation - b.generation);
    page = await retrying(what, () => client.job.listNext(next));
  }
}

/** Deletes the job with its tasks. */
export async function deleteJob(client: BatchServiceClient, id: string): Promise<void> {
  await unlessCode(`delete job ${id}`, ["JobNotFound", "JobBeingDeleted"], () => client.job.deleteMethod(id));
}

/** In the service's words, or `gone` if there is no such job. */
export async function readJobState(client: BatchServiceClient, id: string): Promise<string> {
  const job = await unlessMissing(`read job ${id}`, () =>
    client.job.get(id, { jobGetOptions: { select: "id,state" } }),
  );
  return job === undefined ? "gone" : (job.state?.toLowerCase() ?? "active");
}

function idOf(jobId: string, generation: number): string {
  return generation === 1 ? jobId : `${jobId}-${generation}`;
}

/** Undefined for the job of somebody else whose id begins in the same way. The service ignores the case of ids. */
function generationOf(jobId: string, id: string): number | undefined {
  const suffix = id.slice(jobId.length);
  if (suffix === "") return 1;
  const generation = Number(/^-([1-9]\d{0,5})$/.exec(suffix)?.[1]);
  return generation >= 2 ? generation : undefined;
}
