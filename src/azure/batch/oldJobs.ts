import type { BatchServiceClient } from "@azure/batch";
import { deleteJob, listGenerations, newestOpen } from "./job.ts";
import { retrying } from "./retrying.ts";

/** The largest page that the service gives. */
const PAGE_SIZE = 1000;

/**
 * Deletes the older generations of the job that have been closed since before the given time, or are open but have run out:
 * each open one counts against the quota of the account. Whoever still remembers it is told that it is gone, and finds the
 * newer one.
 */
export async function deleteOldJobs(client: BatchServiceClient, jobId: string, before: Date): Promise<void> {
  const generations = await listGenerations(client, jobId);
  const inUse = newestOpen(generations);
  for (const { id, generation, state, stateSince } of generations) {
    if (state === "deleting") continue;
    const isOlder = inUse !== undefined && generation < inUse.generation;
    const isOfNoUse = state === "completed" ? stateSince < before : isOlder && (await isEmpty(client, id));
    if (isOfNoUse) await deleteJob(client, id);
  }
}

/**
 * Finished tasks stay until somebody deletes them, and too many make a job slow. Lists those that ended before the given
 * time, of every generation of the job, page by page.
 */
export async function* listOldTasks(
  client: BatchServiceClient,
  jobId: string,
  before: Date,
): AsyncGenerator<readonly { readonly jobId: string; readonly taskId: string }[]> {
  const filter = `state eq 'completed' and executionInfo/endTime lt DateTime'${before.toISOString()}'`;
  const options = { taskListOptions: { filter, select: "id", maxResults: PAGE_SIZE } };
  for (const { id: generation, state } of await listGenerations(client, jobId)) {
    if (state === "deleting") continue;
    const what = `list the finished tasks of job ${generation}`;
    for (let page = await retrying(what, () => client.task.list(generation, options)); ;) {
      yield [...page].flatMap(({ id }) => (id === undefined ? [] : { jobId: generation, taskId: id }));
      const next = page.odatanextLink;
      if (!next) break;
      page = await retrying(what, () => client.task.listNext(next));
    }
  }
}

async function isEmpty(client: BatchServiceClient, id: string): Promise<boolean> {
  const options = { taskListOptions: { select: "id", maxResults: 1 } };
  const page = await retrying(`list the tasks of job ${id}`, () => client.task.list(id, options));
  return page.length === 0;
}
