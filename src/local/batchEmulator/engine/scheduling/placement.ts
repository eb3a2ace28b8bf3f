import type { ActiveRun, Node, Pool, Task } from "../../model/entities.ts";
import { managerSpecOf } from "../job/jobManager.ts";
import { mayRunOn } from "../job/preparation.ts";
import { acceptsTasks } from "../node/nodeStates.ts";

/** For a job manager that wants no company. */
export function isReserved({ runs }: Node): boolean {
  for (const run of runs) if (run.isExclusive) return true;
  return false;
}

/** Whether it may, once a node that is busy now has become free. */
export function mayFindPlace(pool: Pool, task: Task): boolean {
  if (task.record.spec.requiredSlots > pool.record.spec.taskSlotsPerNode) return false;
  return [...pool.nodes.values()].some((node) => acceptsTasks(node) && suits(node, task));
}

/** Among these nodes with free slots. */
export function chooseNode(pool: Pool, free: ReadonlyMap<Node, number>, task: Task): Node | undefined {
  const { requiredSlots, affinityInfo } = task.record.spec;
  const isPack = pool.record.spec.taskSchedulingPolicy.nodeFillType === "Pack";
  let best: Node | undefined;
  let bestSlots = 0;
  for (const [node, slots] of free) {
    if (slots < requiredSlots || !suits(node, task)) continue;
    if (node.runs.size > 0 && wantsNoCompany(task)) continue;
    if (affinityInfo?.affinityId === `TVM:${node.record.id}`) return node;
    if (best === undefined || (isPack ? slots < bestSlots : slots > bestSlots)) {
      best = node;
      bestSlots = slots;
    }
  }
  return best;
}

/** In the place of a task that runs. */
export function wouldFitWithout({ node, slots }: ActiveRun, task: Task): boolean {
  if (slots < task.record.spec.requiredSlots || !suits(node, task)) return false;
  return node.runs.size === 1 || !wantsNoCompany(task);
}

function wantsNoCompany(task: Task): boolean {
  return managerSpecOf(task)?.runExclusive === true;
}

function suits(node: Node, task: Task): boolean {
  const isAllowed = node.record.isDedicated || managerSpecOf(task)?.allowLowPriorityNode !== false;
  return isAllowed && mayRunOn(task.job, node);
}
