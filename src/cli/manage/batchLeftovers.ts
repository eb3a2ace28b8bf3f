import type { BatchServiceClient } from "@azure/batch";
import { deleteJob, listGenerations } from "../../azure/batch/job.ts";
import { unlessCode, unlessMissing } from "../../azure/batch/retrying.ts";

/** The jobs of the app that are still there: it may have had several, one after the other. */
export async function findJobs(client: BatchServiceClient, jobId: string): Promise<string[]> {
  const generations = await listGenerations(client, jobId);
  return generations.filter(({ state }) => state !== "deleting").map(({ id }) => id);
}

/** How many nodes the pool has; undefined if there is none. */
export async function findPool(client: BatchServiceClient, poolId: string): Promise<number | undefined> {
  const pool = await unlessMissing(`read pool ${poolId}`, () => client.pool.get(poolId));
  if (pool === undefined || pool.state === "deleting") return undefined;
  return (pool.currentDedicatedNodes ?? 0) + (pool.currentLowPriorityNodes ?? 0);
}

/** With their tasks. Batch goes on deleting after that. */
export async function deleteJobs(client: BatchServiceClient, ids: readonly string[]): Promise<void> {
  for (const id of ids) await deleteJob(client, id);
}

export async function deletePool(client: BatchServiceClient, poolId: string): Promise<void> {
  await unlessCode(`delete pool ${poolId}`, ["PoolNotFound", "PoolBeingDeleted"], () =>
    client.pool.deleteMethod(poolId),
  );
}
