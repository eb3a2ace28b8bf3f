import type { AutoScaling } from "../../batchSettings.ts";

/** How often the service looks at the formula: the least that it allows. */
export const EVALUATION_INTERVAL = "PT5M";

/** Ten samples, of which the newest are on their way for about a minute. */
const LOOK_BACK = "5 * TimeInterval_Minute";

/** Of the samples that should be there. With fewer, nothing is known of the queue. */
const ENOUGH_PERCENT = 20;

/**
 * The autoscale formula of a pool that follows its queue: no node without tasks, and as many as the waiting and running
 * tasks fill, up to the maximum. Nodes are added for what waits now, and kept for what the last five minutes needed; they
 * leave when their tasks have ended. Spot nodes come first. What is left goes to dedicated nodes, and so do places of spot
 * nodes that were asked for at the last look and are not there. As long as there are no samples the pool stays as it is,
 * but with one node at least: a new pool is made because something waits.
 *
 * It makes no fractions, because how the service rounds them is not documented. A comparison is worth 1 or 0.
 * https://learn.microsoft.com/azure/batch/batch-automatic-scaling
 */
export function poolFormula(scaling: AutoScaling, slotsPerNode: number): string {
  const { maxNodes } = scaling;
  const { maxDedicated, maxSpot } = splitNodes(scaling);
  return [
    `hadNodes = $TargetDedicatedNodes + $TargetLowPriorityNodes;`,
    `isKnown = $PendingTasks.GetSamplePercent(${LOOK_BACK}) >= ${ENOUGH_PERCENT};`,
    `tasksNow = isKnown ? max(0, $PendingTasks.GetSample(1)) : max(1, hadNodes) * ${slotsPerNode};`,
    `tasksLately = isKnown ? max(0, $PendingTasks.GetSample(${LOOK_BACK})) : 0;`,
    `tasks = max(tasksNow, min(tasksLately, hadNodes * ${slotsPerNode}));`,
    `nodes = ${Array.from({ length: maxNodes }, (_, node) => `(tasks > ${node * slotsPerNode})`).join(" + ")};`,
    `spotNodes = min(${maxSpot}, nodes);`,
    ...missingSpot(maxSpot, maxDedicated),
    `$TargetLowPriorityNodes = spotNodes;`,
    `$TargetDedicatedNodes = min(${maxDedicated}, nodes - spotNodes + missing);`,
    `$NodeDeallocationOption = taskcompletion;`,
  ].join("\n");
}

/** How many nodes of each kind there may be. Any share at all is one dedicated node at least. */
export function splitNodes({ maxNodes, dedicatedPercent }: Omit<AutoScaling, "mode">): {
  readonly maxDedicated: number;
  readonly maxSpot: number;
} {
  const maxDedicated = dedicatedPercent === 0 ? 0 : Math.max(1, Math.round((maxNodes * dedicatedPercent) / 100));
  return { maxDedicated, maxSpot: maxNodes - maxDedicated };
}

/** `$CurrentLowPriorityNodes` includes those that were preempted. */
function missingSpot(maxSpot: number, maxDedicated: number): string[] {
  if (maxSpot === 0 || maxDedicated === 0) return ["missing = 0;"];
  return [
    `isPreemptionKnown = $PreemptedNodeCount.GetSamplePercent(${LOOK_BACK}) >= ${ENOUGH_PERCENT};`,
    `preempted = isPreemptionKnown ? max(0, $PreemptedNodeCount.GetSample(1)) : 0;`,
    `missing = min(spotNodes, max(0, $TargetLowPriorityNodes - $CurrentLowPriorityNodes + preempted));`,
  ];
}
