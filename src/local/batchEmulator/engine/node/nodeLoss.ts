import type { Node } from "../../model/entities.ts";
import type { Engine } from "../engine.ts";
import { boot, resetMachine } from "./nodeCommands.ts";
import { setNodeState } from "./nodeStates.ts";
import { endRun } from "../task/taskRun.ts";

/** Takes a node away as the platform does: its tasks are requeued without being counted, its processes are gone. */
export function loseNode(engine: Engine, node: Node, what: "preempt" | "unusable"): void {
  if (node.pool.nodes.get(node.record.id) !== node || node.record.state === "leavingpool") return;
  node.epoch++;
  node.killStartTask?.();
  for (const run of node.runs) endRun(engine, run, "dropped");
  if (what === "unusable") {
    node.record.errors = [
      { code: "NodeProblem", message: "The node stopped answering: it was made unusable on purpose." },
    ];
    setNodeState(engine, node, "unusable");
    engine.inBackground(resetMachine(engine, node, false));
    return;
  }
  setNodeState(engine, node, "preempted");
  const { epoch } = node;
  const comeBack = (): void => {
    if (node.epoch !== epoch) return;
    setNodeState(engine, node, "creating");
    boot(engine, node);
  };
  engine.inBackground(resetMachine(engine, node, true).then(() => engine.after(engine.timings.preemptedMs, comeBack)));
}
