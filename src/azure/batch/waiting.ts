import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import { retrying, unlessMissing } from "./retrying.ts";

/**
 * Says why a pool gives no node to a task, in words for a person: null when it is just busy, undefined when there is
 * no such pool.
 */
export async function explainWaiting(client: BatchServiceClient, poolId: string): Promise<string | null | undefined> {
  const pool = await unlessMissing(`read pool ${poolId}`, () => client.pool.get(poolId));
  if (pool === undefined) return undefined;
  if (pool.state === "deleting") return `pool ${poolId} is being deleted`;

  const counts = await readNodeCounts(client, poolId);
  const present = (pool.currentDedicatedNodes ?? 0) + (pool.currentLowPriorityNodes ?? 0);
  const wanted = (pool.targetDedicatedNodes ?? 0) + (pool.targetLowPriorityNodes ?? 0);
  const working = counts.idle + counts.running;
  const reasons = [
    ...(pool.resizeErrors ?? []).map(({ code, message }) => `${code}: ${message ?? "no details"}`),
    ...(counts.startTaskFailed > 0 ? [`the start task failed on ${nodes(counts.startTaskFailed)}`] : []),
    ...(counts.unusable > 0 ? [`${nodes(counts.unusable)} unusable`] : []),
    ...(counts.starting > 0 ? [`${nodes(counts.starting)} starting`] : []),
  ];
  if (working > 0 && reasons.length === 0) return null;
  return [`the pool has ${present} of ${nodes(wanted)}, ${working} ready`, ...reasons].join("; ");
}

type NodeState = Exclude<keyof BatchServiceModels.NodeCounts, "total">;
type Counts = Readonly<Record<"idle" | "running" | "starting" | "startTaskFailed" | "unusable", number>>;

async function readNodeCounts(client: BatchServiceClient, poolId: string): Promise<Counts> {
  const [counts] = await retrying(`count the nodes of pool ${poolId}`, () =>
    client.account.listPoolNodeCounts({ accountListPoolNodeCountsOptions: { filter: `poolId eq '${poolId}'` } }),
  );
  const sides = [counts?.dedicated, counts?.lowPriority].filter((side) => side !== undefined);
  const sum = (...states: readonly NodeState[]): number =>
    sides.flatMap((side) => states.map((state) => side[state] ?? 0)).reduce((total, count) => total + count, 0);
  return {
    idle: sum("idle"),
    running: sum("running"),
    starting: sum("creating", "starting", "waitingForStartTask", "rebooting", "reimaging"),
    startTaskFailed: sum("startTaskFailed"),
    unusable: sum("unusable", "unknown", "offline"),
  };
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}
