import type { Node } from "../../model/entities.ts";
import type { NodeDeallocationOption } from "../../requestBodies/nodeBodies.ts";
import type { Engine } from "../engine.ts";
import { vacate } from "./draining.ts";
import { setNodeState } from "./nodeStates.ts";

/** Takes the node out of its pool, once its tasks have been requeued, ended or waited for. */
export function leavePool(engine: Engine, node: Node, option: NodeDeallocationOption): void {
  if (node.record.state === "leavingpool") return;
  vacate(node, option, () => leave(engine, node));
}

function leave(engine: Engine, node: Node): void {
  node.epoch++;
  node.isDraining = true;
  node.killStartTask?.();
  setNodeState(engine, node, "leavingpool");
  engine.emit({ kind: "nodeStopped", node, isDiskLost: true });
  engine.after(engine.timings.nodeLeaveMs, () => engine.inBackground(remove(engine, node)));
}

async function remove(engine: Engine, node: Node): Promise<void> {
  if (node.runs.size > 0) {
    node.whenDrained = () => engine.inBackground(remove(engine, node));
    return;
  }
  await engine.runner.killAllIn(node.record.folder);
  if (engine.isStopped) return;
  engine.store.removeNode(node);
  engine.emit({ kind: "nodeLeft", pool: node.pool });
  await engine.runner.removeFolder(node.record.folder);
}
