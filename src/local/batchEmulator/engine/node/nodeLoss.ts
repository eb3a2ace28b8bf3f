import type { Node } from "../../model/entities.ts";
import type { Engine } from "../engine.ts";
import { boot, isInPool, resetMachine } from "./booting.ts";
import { endRuns } from "./draining.ts";
import { setNodeState } from "./nodeStates.ts";

/** Takes a node away as the platform does: its processes die, its tasks are requeued without being counted. */
export function loseNode(engine: Engine, node: Node, what: "preempt" | "unusable"): void {
  if (!isInPool(node) || node.record.state === "leavingpool") return;
  node.epoch++;
  node.killStartTask?.();
  endRuns(node, "dropped");
  if (what === "unusable") {
    node.record.errors = [
      { code: "NodeProblem", message: "The node stopped answering: it was made unusable on purpose." },
    ];
    setNodeState(engine, node, "unusable");
    engine.emit({ kind: "nodeStopped", node, isDiskLost: false });
    engine.inBackground(resetMachine(engine, node, false));
    return;
  }
  setNodeState(engine, node, "preempted");
  engine.emit({ kind: "nodeStopped", node, isDiskLost: true });
  const { epoch } = node;
  const comeBack = (): void => {
    if (node.epoch !== epoch) return;
    setNodeState(engine, node, "creating");
    boot(engine, node);
  };
  engine.inBackground(resetMachine(engine, node, true).then(() => engine.after(engine.timings.preemptedMs, comeBack)));
}

/** A fault may take the node away some time after a task starts on it. */
export function loseNodeByFault(engine: Engine, node: Node): void {
  const fault = engine.faults.onTaskStart(node.pool.record.id, node.record.isDedicated);
  if (fault !== undefined) engine.after(fault.afterMs, () => loseNode(engine, node, fault.what));
}
