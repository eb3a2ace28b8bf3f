import type { BatchServiceModels } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import type { BatchError } from "../../model/errors.ts";

/** Also the name that versions without marks gave their pools. */
export const POOL_DISPLAY_NAME = "mp3drop";

const REMEDY = "delete it while it is idle, and the app makes a new one, or choose another BATCH_POOL_ID";

export function scalingNotice({ poolId, scaling }: BatchSettings): string {
  const now =
    scaling.mode === "auto"
      ? `it follows its queue, with at most ${scaling.maxNodes} nodes`
      : `it has ${scaling.dedicatedNodes} dedicated and ${scaling.spotNodes} spot nodes`;
  return `Pool ${poolId} was updated: ${now}`;
}

export function startTaskNotice({ poolId }: BatchSettings): string {
  return `Pool ${poolId} has a new start task, for nodes that join it from now on`;
}

export function refusalNotice({ poolId }: BatchSettings, refusal: BatchError): string {
  return isForNow(refusal)
    ? `Pool ${poolId} cannot be updated yet, and is looked at again with the next conversion: ${refusal.message}`
    : `Pool ${poolId} stays as it is: ${refusal.message}`;
}

/** 409: the pool is being resized. 503: it was changed less than 30 seconds ago. */
export function isForNow(refusal: BatchError): boolean {
  return refusal.statusCode === 409 || !refusal.isFinal;
}

export function noticesOfUnmarkedPool({ id, displayName }: BatchServiceModels.CloudPool): string[] {
  if (displayName !== POOL_DISPLAY_NAME) return [];
  const hint = `${REMEDY}. Until then, settings of the pool have no effect`;
  return [`Pool ${id} was made by an older version of mp3drop and stays as it is: ${hint}`];
}

/** What Batch sets only when it makes a pool. */
export function noticesOfFixedProperties(
  { poolId, vmSize, taskSlotsPerNode, image }: BatchSettings,
  pool: BatchServiceModels.CloudPool,
): string[] {
  const { publisher, offer, sku } = pool.virtualMachineConfiguration?.imageReference ?? {};
  const properties = [
    ["BATCH_VM_SIZE", pool.vmSize ?? "", vmSize],
    ["BATCH_NODE_IMAGE", `${publisher}:${offer}:${sku}`, `${image.publisher}:${image.offer}:${image.sku}`],
    ["BATCH_TASK_SLOTS_PER_NODE", String(pool.taskSlotsPerNode ?? 1), String(taskSlotsPerNode)],
  ] as const;
  return properties
    .filter(([, actual, wanted]) => actual.toLowerCase() !== wanted.toLowerCase())
    .map(
      ([setting, actual, wanted]) =>
        `${setting} is ${wanted}, but pool ${poolId} has ${actual}, and Batch cannot change that: ${REMEDY}`,
    );
}
