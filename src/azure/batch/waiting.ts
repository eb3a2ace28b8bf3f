import { text } from "node:stream/consumers";
import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import type { PoolNodes, WaitReason } from "../../model/batchTask.ts";
import { explainAutoscale } from "./explainAutoscale.ts";
import { retrying, unlessMissing } from "./retrying.ts";

/** What a pool can do for the tasks that wait. */
export interface PoolLook {
  /** Why it has no node for them: null if it is just busy. The first reason found gives the code. */
  readonly reason: WaitReason | null;
  readonly hasReadyNode: boolean;
  /** Whether nodes are on their way, and none is broken: what broke one will probably break the next. */
  readonly isGrowing: boolean;
  readonly nodes: PoolNodes;
}

/** Undefined if there is no such pool. */
export async function lookAtPool(client: BatchServiceClient, poolId: string): Promise<PoolLook | undefined> {
  const [pool, nodes] = await Promise.all([
    unlessMissing(`read pool ${poolId}`, () => client.pool.get(poolId)),
    readNodes(client, poolId),
  ]);
  if (pool === undefined) return undefined;
  const counts = count(nodes);
  const hasReadyNode = counts.ready > 0;
  const isBroken = counts.startTaskFailed + counts.unusable > 0;
  const isGrowing = counts.starting > 0 && !isBroken;
  return { reason: await explain(client, pool, counts), hasReadyNode, isGrowing, nodes };
}

async function explain(
  client: BatchServiceClient,
  pool: BatchServiceModels.PoolGetResponse,
  counts: Counts,
): Promise<WaitReason | null> {
  const { id: poolId = "" } = pool;
  if (pool.state === "deleting") return reason("NoCapacity", `pool ${poolId} is being deleted`);

  const autoscale = explainAutoscale(pool);
  const reasons = [
    ...(pool.resizeErrors ?? []).map(reasonOfResizeError),
    ...(autoscale === undefined ? [] : [reason("NoCapacity", autoscale)]),
    ...(counts.startTaskFailed > 0 ? [await reasonOfStartTask(client, poolId, counts.startTaskFailed)] : []),
    ...(counts.unusable > 0 ? [reason("NodeUnusable", `${nodes(counts.unusable)} unusable`)] : []),
    ...(counts.preempted > 0 ? [reason("NoCapacity", `${nodes(counts.preempted)} preempted`)] : []),
    ...(counts.starting > 0 ? [reason("NoCapacity", `${nodes(counts.starting)} starting`)] : []),
  ];
  if (counts.ready > 0 && reasons.length === 0) return null;

  const present = (pool.currentDedicatedNodes ?? 0) + (pool.currentLowPriorityNodes ?? 0);
  const wanted = (pool.targetDedicatedNodes ?? 0) + (pool.targetLowPriorityNodes ?? 0);
  const state = `waiting for a node: the pool has ${present} of ${nodes(wanted)}, ${counts.ready} ready`;
  const code =
    counts.ready > 0 ? "NoCapacity" : (reasons.find((found) => found.code !== "NoCapacity")?.code ?? "NoCapacity");
  return reason(code, [state, ...reasons.map((found) => found.text)].join("; "));
}

function reasonOfResizeError({ code = "Unknown", message = "no details" }: BatchServiceModels.ResizeError): WaitReason {
  return reason(code.endsWith("QuotaReached") ? "QuotaExceeded" : "NoCapacity", `${code}: ${message}`);
}

/** How much of a start task's stderr is shown: an orchestration's status is limited to 16 KiB. */
const MAX_TAIL_BYTES = 1000;
const TAIL_LINES = 3;

/** Quotes the last lines of one of the start tasks, and says where the rest is. */
async function reasonOfStartTask(client: BatchServiceClient, poolId: string, count: number): Promise<WaitReason> {
  const failed = `the start task failed on ${nodes(count)}`;
  const [node] = await retrying(`list the nodes of pool ${poolId}`, () =>
    client.computeNode.list(poolId, {
      computeNodeListOptions: { filter: "state eq 'starttaskfailed'", maxResults: 1 },
    }),
  );
  if (node?.id === undefined) return reason("StartTaskFailed", failed);
  const tail = await readTail(client, poolId, node.id, "startup/stderr.txt");
  return reason("StartTaskFailed", `${failed}: ${tail} (${node.url ?? `node ${node.id}`}/files/startup/stderr.txt)`);
}

async function readTail(client: BatchServiceClient, poolId: string, nodeId: string, file: string): Promise<string> {
  const read = async (): Promise<string> => {
    const { contentLength } = await client.file.getPropertiesFromComputeNode(poolId, nodeId, file);
    if (!contentLength) return "";
    const ocpRange = `bytes=${Math.max(0, contentLength - MAX_TAIL_BYTES)}-${contentLength - 1}`;
    const { readableStreamBody } = await client.file.getFromComputeNode(poolId, nodeId, file, {
      fileGetFromComputeNodeOptions: { ocpRange },
    });
    return readableStreamBody === undefined ? "" : text(readableStreamBody);
  };
  // The node may be gone or silent. What matters is that its start task failed.
  const content = await retrying(`read ${file} of node ${nodeId}`, read).catch(() => "");
  return content.trim().split("\n").slice(-TAIL_LINES).join(" / ") || "it wrote nothing to stderr";
}

type NodeState = Exclude<keyof BatchServiceModels.NodeCounts, "total">;
type Counts = Readonly<Record<"ready" | "starting" | "preempted" | "startTaskFailed" | "unusable", number>>;

async function readNodes(client: BatchServiceClient, poolId: string): Promise<PoolNodes> {
  const [counts] = await retrying(`count the nodes of pool ${poolId}`, () =>
    client.account.listPoolNodeCounts({ accountListPoolNodeCountsOptions: { filter: `poolId eq '${poolId}'` } }),
  );
  return { dedicated: byState(counts?.dedicated), spot: byState(counts?.lowPriority) };
}

function byState(counts: BatchServiceModels.NodeCounts | undefined): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts ?? {}).filter(([state]) => state !== "total"));
}

function count({ dedicated, spot }: PoolNodes): Counts {
  const sum = (...states: readonly NodeState[]): number =>
    states.reduce((total, state) => total + (dedicated[state] ?? 0) + (spot[state] ?? 0), 0);
  return {
    ready: sum("idle", "running"),
    starting: sum("creating", "starting", "waitingForStartTask", "rebooting", "reimaging"),
    preempted: sum("preempted"),
    startTaskFailed: sum("startTaskFailed"),
    unusable: sum("unusable", "unknown", "offline"),
  };
}

function reason(code: WaitReason["code"], words: string): WaitReason {
  return { code, text: words };
}

function nodes(count: number): string {
  return count === 1 ? "1 node" : `${count} nodes`;
}
