import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import { BatchError } from "../../model/errors.ts";
import type { BrokenNode, NodeService } from "../../services.ts";
import { remembered } from "../remembered.ts";
import { readOutOfService, withOutOfService, withRest } from "./poolMarks.ts";
import { retrying, unlessCode, unlessMissing } from "./retrying.ts";

/** What the app notes in the metadata of a pool that it makes begins with this. */
const MARK = "mp3drop-";
/** Somebody may delete the pool and make another. */
const MARK_AGE_MS = 600_000;

const SCALE_FIELDS =
  "state,allocationState,enableAutoScale,autoScaleFormula,autoScaleEvaluationInterval,targetDedicatedNodes,targetLowPriorityNodes";

/** The nodes of one pool. */
export function createNodeService(client: BatchServiceClient, poolId: string): NodeService {
  const readPool = (select: string): Promise<BatchServiceModels.CloudPool | undefined> =>
    unlessMissing(`read pool ${poolId}`, () => client.pool.get(poolId, { poolGetOptions: { select } }));
  const ownership = remembered(
    async () => ((await readPool("metadata"))?.metadata ?? []).some(({ name }) => name.startsWith(MARK)),
    { maxAgeMs: MARK_AGE_MS },
  );
  return {
    isOurs: () => ownership.get(),

    async listBroken() {
      const options = {
        filter: "state eq 'unusable' or state eq 'starttaskfailed' or state eq 'offline'",
        select: "id,state,stateTransitionTime,errors,startTaskInfo",
      };
      const found = await unlessMissing(`list the broken nodes of pool ${poolId}`, () =>
        client.computeNode.list(poolId, { computeNodeListOptions: options }),
      );
      const nodes = (found ?? []).flatMap(describe);
      if (!nodes.some(isOffline)) return nodes;
      const ours = readOutOfService((await readPool("metadata"))?.metadata);
      return nodes.filter((node) => !isOffline(node) || ours.includes(node.nodeId));
    },

    async read(nodeId) {
      const node = await unlessMissing(`read node ${nodeId}`, () => client.computeNode.get(poolId, nodeId));
      if (node === undefined || node.state === "leavingpool") return undefined;
      return { isDedicated: node.isDedicated ?? true, tasksSucceeded: node.totalTasksSucceeded ?? 0 };
    },

    async readPool() {
      const pool = await readPool(SCALE_FIELDS);
      if (pool === undefined || pool.state === "deleting") return undefined;
      const { autoScaleFormula: formula, autoScaleEvaluationInterval: evaluationInterval = "PT15M" } = pool;
      return {
        isSteady: pool.allocationState === "steady",
        scaling: pool.enableAutoScale === true && formula !== undefined ? { formula, evaluationInterval } : null,
        targets: { dedicated: pool.targetDedicatedNodes ?? 0, spot: pool.targetLowPriorityNodes ?? 0 },
      };
    },

    async reboot(nodeId) {
      try {
        await retrying(`reboot node ${nodeId}`, () => client.computeNode.reboot(poolId, nodeId));
        return true;
      } catch (error) {
        if (isRefusal(error) || isMissing(error)) return false;
        throw error;
      }
    },

    async stopTasks(nodeId) {
      const fine = ["NodeAlreadyInTargetSchedulingState", "NodeNotFound", "PoolNotFound"];
      const options = { nodeDisableSchedulingOption: "taskcompletion" as const };
      await unlessCode(`keep tasks off node ${nodeId}`, fine, () =>
        client.computeNode.disableScheduling(poolId, nodeId, options),
      );
      const metadata = withOutOfService(nodeId, (await readPool("metadata"))?.metadata);
      await unlessMissing(`note that node ${nodeId} is out of service`, () => client.pool.patch(poolId, { metadata }));
    },

    async remove(nodeIds) {
      const what = `remove ${nodeIds.length} nodes from pool ${poolId}`;
      try {
        // The default is to start their tasks again elsewhere.
        await retrying(what, () => client.pool.removeNodes(poolId, { nodeList: [...nodeIds] }));
        return "accepted";
      } catch (error) {
        if (isMissing(error)) return "busy";
        if (isRefusal(error)) return error.code === "PoolBeingResized" ? "busy" : "refused";
        throw error;
      }
    },

    async disableScaling() {
      const metadata = withRest(new Date(), (await readPool("metadata"))?.metadata);
      await retrying(`note that pool ${poolId} is to rest`, () => client.pool.patch(poolId, { metadata }));
      await retrying(`stop the scaling of pool ${poolId}`, () => client.pool.disableAutoScale(poolId));
    },

    async enableScaling({ formula, evaluationInterval }) {
      const settings = { autoScaleFormula: formula, autoScaleEvaluationInterval: evaluationInterval };
      await retrying(`let pool ${poolId} scale again`, () => client.pool.enableAutoScale(poolId, settings));
    },

    async resize({ dedicated, spot }) {
      const targets = { targetDedicatedNodes: dedicated, targetLowPriorityNodes: spot };
      await retrying(`resize pool ${poolId}`, () => client.pool.resize(poolId, targets));
    },
  };
}

function describe({ id, state, stateTransitionTime, errors = [], startTaskInfo }: BatchServiceModels.ComputeNode) {
  if (id === undefined || (state !== "unusable" && state !== "starttaskfailed" && state !== "offline")) return [];
  const failure = state === "starttaskfailed" ? startTaskInfo?.failureInfo : undefined;
  const node: BrokenNode = {
    nodeId: id,
    state,
    since: (stateTransitionTime ?? new Date(0)).toISOString(),
    errors: [...errors, ...(failure === undefined ? [] : [failure])].map(
      ({ code = "Unknown", message = "no details" }) => ({
        code,
        message,
      }),
    ),
  };
  return [node];
}

function isOffline({ state }: BrokenNode): boolean {
  return state === "offline";
}

/** Batch understands the request, but not as things are now. */
function isRefusal(error: unknown): error is BatchError {
  return error instanceof BatchError && error.statusCode === 409;
}

function isMissing(error: unknown): boolean {
  return error instanceof BatchError && error.statusCode === 404;
}
