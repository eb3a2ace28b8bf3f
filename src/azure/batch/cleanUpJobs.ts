import type { BatchServiceClient } from "@azure/batch";
import { deleteJob, listGenerations, newestOpen } from "./job.ts";
import { retrying } from "./retrying.ts";
import { deleteOldTasks } from "./task.ts";

/**
 * Deletes the tasks that ended before the given time from every generation of the job, and returns how many. An older
 * generation goes as a whole when it has been closed since then, or is open but has run out: each open one counts against
 * the quota of the account. Whoever still remembers it is told that it is gone, and finds the newer one.
 */
export async function cleanUpJobs(client: BatchServiceClient, jobId: string, before: Date): Promise<number> {
  const generations = await listGenerations(client, jobId);
  const inUse = newestOpen(generations);
  let deleted = 0;
  for (const { id, generation, state, stateSince } of generations) {
    if (state === "deleting") continue;
    if (state === "completed" && stateSince < before) {
      await deleteJob(client, id);
      continue;
    }
    deleted += await deleteOldTasks(client, id, before);
    const isOlder = inUse !== undefined && generation < inUse.generation;
    if (isOlder && state !== "completed" && (await isEmpty(client, id))) await deleteJob(client, id);
  }
  return deleted;
}

async function isEmpty(client: BatchServiceClient, id: string): Promise<boolean> {
  const options = { taskListOptions: { select: "id", maxResults: 1 } };
  const page = await retrying(`list the tasks of job ${id}`, () => client.task.list(id, options));
  return page.length === 0;
}
