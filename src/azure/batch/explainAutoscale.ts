import type { BatchServiceModels } from "@azure/batch";

type AutoscaledPool = Pick<
  BatchServiceModels.CloudPool,
  "enableAutoScale" | "autoScaleRun" | "autoScaleEvaluationInterval" | "targetDedicatedNodes" | "targetLowPriorityNodes"
>;

/**
 * Why autoscale leaves a pool without the nodes that its tasks wait for, in words for a person. Undefined where it does
 * its part: the pool has a fixed size, or autoscale has asked for nodes.
 */
export function explainAutoscale(pool: AutoscaledPool): string | undefined {
  if (!pool.enableAutoScale) return undefined;
  const { error } = pool.autoScaleRun ?? {};
  const nextLook = `it looks ${every(pool.autoScaleEvaluationInterval)}`;
  if (error?.code === "InsufficientSampleData") return `autoscale has no measurements of the queue yet; ${nextLook}`;
  if (error !== undefined) return `the autoscale formula failed: ${inWords(error)}; the pool stays as it is`;
  const isEmpty = (pool.targetDedicatedNodes ?? 0) + (pool.targetLowPriorityNodes ?? 0) === 0;
  return isEmpty ? `autoscale has not asked for a node yet; ${nextLook}` : undefined;
}

function inWords({ code, message, values = [] }: BatchServiceModels.AutoScaleRunError): string {
  const details = values.flatMap(({ value }) => value ?? []);
  return [code, message, ...details].filter((part) => part !== undefined).join(": ");
}

/** The service's default is a quarter of an hour. */
function every(interval = "PT15M"): string {
  const [, hours = "0", minutes = "0"] = /^PT(?:(\d+)H)?(?:(\d+)M)?$/.exec(interval) ?? [];
  const total = Number(hours) * 60 + Number(minutes);
  return total > 0 ? `every ${total} minutes` : `every ${interval}`;
}
