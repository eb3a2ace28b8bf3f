import type { Node } from "../../model/entities.ts";
import type { DisableSchedulingOption, NodeDeallocationOption } from "../../requestBodies/nodeBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { refuseUnlessRestartable } from "../refusals.ts";
import { boot, resetMachine } from "./booting.ts";
import { endRuns, vacate } from "./draining.ts";
import { refreshUsableNode, setNodeState } from "./nodeStates.ts";

/** A reboot keeps what is on the disk, a reimage does not; the tasks on the node are dealt with as asked. */
export function restartNode(
  engine: Engine,
  node: Node,
  state: "rebooting" | "reimaging",
  option: NodeDeallocationOption,
): void {
  refuseUnlessRestartable(node);
  vacate(node, option, () => restart(engine, node, state));
}

/** Its machine goes, its disk stays; the node keeps its place in the pool. */
export function deallocateNode(engine: Engine, node: Node, option: NodeDeallocationOption): void {
  const { state } = node.record;
  if (state !== "idle" && state !== "running") throw new ServiceError("OperationNotValidOnNode");
  vacate(node, option, () => {
    const epoch = ++node.epoch;
    node.isDraining = false;
    setNodeState(engine, node, "deallocating");
    engine.emit({ kind: "nodeStopped", node, isDiskLost: false });
    const finish = (): void => {
      if (node.epoch === epoch) setNodeState(engine, node, "deallocated");
    };
    engine.inBackground(resetMachine(engine, node, false).then(finish));
  });
}

export function startNode(engine: Engine, node: Node): void {
  if (node.record.state !== "deallocated") throw new ServiceError("OperationNotValidOnNode");
  setNodeState(engine, node, "starting");
  boot(engine, node);
}

export function disableScheduling(engine: Engine, node: Node, option: DisableSchedulingOption): void {
  if (node.record.schedulingState === "disabled") throw new ServiceError("NodeAlreadyInTargetSchedulingState");
  node.record.schedulingState = "disabled";
  if (option !== "taskcompletion") endRuns(node, option === "terminate" ? "terminated" : "requeued");
  refreshUsableNode(engine, node);
  engine.store.saveNode(node);
}

export function enableScheduling(engine: Engine, node: Node): void {
  if (node.record.schedulingState === "enabled") throw new ServiceError("NodeAlreadyInTargetSchedulingState");
  node.record.schedulingState = "enabled";
  refreshUsableNode(engine, node);
  engine.store.saveNode(node);
  engine.emit({ kind: "nodeReady", node });
}

function restart(engine: Engine, node: Node, state: "rebooting" | "reimaging"): void {
  node.epoch++;
  node.isDraining = false;
  node.killStartTask?.();
  setNodeState(engine, node, state);
  engine.emit({ kind: "nodeStopped", node, isDiskLost: state === "reimaging" });
  const { epoch } = node;
  const bootUnlessLost = (): void => {
    if (node.epoch === epoch) boot(engine, node);
  };
  engine.inBackground(resetMachine(engine, node, state === "reimaging").then(bootUnlessLost));
}
