import type { BatchServiceClient, BatchServiceModels } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import { BatchError } from "../../model/errors.ts";
import type { NodeNeeds } from "../../workloads/workload.ts";
import type { PoolMarks } from "./poolMarks.ts";
import { marksFor, mayRest, readMarks, withMarks } from "./poolMarks.ts";
import {
  isForNow,
  noticesOfFixedProperties,
  noticesOfUnmarkedPool,
  refusalNotice,
  scalingNotice,
  startTaskNotice,
} from "./poolNotices.ts";
import type { NodeTargets } from "./poolScaling.ts";
import { nodeTargets } from "./poolScaling.ts";
import { poolStartTaskFor } from "./poolStartTask.ts";
import { retrying } from "./retrying.ts";

/** What became of a pool that should be as the settings say. */
export interface PoolCare {
  /** For whoever runs the app: what was changed, what could not be, and what to do about it. */
  readonly notices: readonly string[];
  /** False where the service refused for now: the pool should be looked at again soon. */
  readonly isSettled: boolean;
}

/** What `updatePool` needs to know of a pool. */
export const UPDATE_FIELDS =
  "id,state,displayName,vmSize,taskSlotsPerNode,enableAutoScale,identity,metadata,virtualMachineConfiguration";

/**
 * Gives a pool of ours the scaling and the start task that the settings ask for, where they have changed since we last
 * did. A pool that somebody else made stays untouched. What Batch refuses is told, not thrown: the pool works as it is.
 */
export async function updatePool(
  client: BatchServiceClient,
  settings: BatchSettings,
  needs: readonly NodeNeeds[],
  pool: BatchServiceModels.CloudPool,
): Promise<PoolCare> {
  const { poolId } = settings;
  const marks = readMarks(pool.metadata);
  if (marks === undefined) return { notices: noticesOfUnmarkedPool(pool), isSettled: true };

  const targets = nodeTargets(settings.scaling, pool.taskSlotsPerNode ?? 1);
  const startTask = poolStartTaskFor(needs);
  const wanted = marksFor(targets, startTask);
  // Of what was done by hand, only the mode is put right: autoscale may have been switched off for a moment and forgotten.
  const isOfOtherMode = targets.enableAutoScale !== pool.enableAutoScale;
  const isResting = isOfOtherMode && targets.enableAutoScale && mayRest(new Date(), pool.metadata);
  const scalingDiffers = wanted.scaling !== marks.scaling || (isOfOtherMode && !isResting);
  // A pool whose workloads need nothing any more keeps its start task, which does no harm.
  const startTaskDiffers = startTask !== undefined && wanted.startTask !== marks.startTask;

  const notices: string[] = [];
  let isSettled = !isResting;
  const attempt = async (change: () => Promise<void>, success: string): Promise<void> => {
    try {
      await change();
      notices.push(success);
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      notices.push(refusalNotice(settings, error));
      if (isForNow(error)) isSettled = false;
    }
  };

  let given = marks;
  const patch = async (
    changed: Partial<PoolMarks>,
    properties: BatchServiceModels.PoolPatchParameter,
  ): Promise<void> => {
    const next = { ...given, ...changed };
    const metadata = withMarks(next, pool.metadata);
    await retrying(`update pool ${poolId}`, () => client.pool.patch(poolId, { ...properties, metadata }));
    given = next;
  };
  if (scalingDiffers) {
    await attempt(async () => {
      await setTargets(client, pool, poolId, targets);
      await patch({ scaling: wanted.scaling }, {});
    }, scalingNotice(settings));
  }
  if (startTaskDiffers) {
    await attempt(() => patch({ startTask: wanted.startTask }, { startTask }), startTaskNotice(settings));
  }
  return { notices: [...notices, ...noticesOfFixedProperties(settings, pool)], isSettled };
}

async function setTargets(
  client: BatchServiceClient,
  pool: BatchServiceModels.CloudPool,
  poolId: string,
  targets: NodeTargets,
): Promise<void> {
  if (targets.enableAutoScale) {
    const { autoScaleFormula, autoScaleEvaluationInterval } = targets;
    await retrying(`let pool ${poolId} follow its queue`, () =>
      client.pool.enableAutoScale(poolId, { autoScaleFormula, autoScaleEvaluationInterval }),
    );
    return;
  }
  if (pool.enableAutoScale) {
    await retrying(`end the autoscale of pool ${poolId}`, () => client.pool.disableAutoScale(poolId));
  }
  const { targetDedicatedNodes, targetLowPriorityNodes } = targets;
  await retrying(`resize pool ${poolId}`, () =>
    client.pool.resize(poolId, {
      targetDedicatedNodes,
      targetLowPriorityNodes,
      nodeDeallocationOption: "taskcompletion",
    }),
  );
}
