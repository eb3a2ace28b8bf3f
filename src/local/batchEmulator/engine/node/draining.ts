import type { ActiveRun, Node } from "../../model/entities.ts";
import type { NodeDeallocationOption } from "../../requestBodies/nodeBodies.ts";
import { endRun } from "../task/taskRun.ts";

/** Ends the tasks on a node, or waits for them, as the option says; then goes on with `next`. */
export function vacate(node: Node, option: NodeDeallocationOption, next: () => void): void {
  const waits = option === "taskcompletion" || option === "retaineddata";
  if (waits && node.runs.size > 0) {
    node.isDraining = true;
    node.whenDrained = next;
    return;
  }
  endRuns(node, option === "terminate" ? "terminated" : "requeued");
  next();
}

export function endRuns({ runs }: Pick<Node, "runs">, ending: NonNullable<ActiveRun["ending"]>): void {
  for (const run of runs) endRun(run, ending);
}

export function continueWhenDrained(node: Node): void {
  if (node.runs.size > 0) return;
  const { whenDrained } = node;
  delete node.whenDrained;
  whenDrained?.();
}
