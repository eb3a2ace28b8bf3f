import type { Node } from "../../model/entities.ts";
import type { NodeState } from "../../model/records.ts";
import type { Engine } from "../engine.ts";

export function acceptsTasks({ record, isDraining }: Node): boolean {
  return (record.state === "idle" || record.state === "running") && record.schedulingState === "enabled" && !isDraining;
}

export function setNodeState(engine: Engine, node: Node, state: NodeState): void {
  const { record } = node;
  if (record.state === state) return;
  const isBusyFlip = isUsable(record.state) && isUsable(state);
  record.state = state;
  record.stateTransitionTime = engine.now();
  // After a restart every node boots again, so the journal need not know whether it was busy.
  if (!isBusyFlip) engine.store.saveNode(node);
}

/** The node has booted and takes tasks. */
export function becomeUsable(engine: Engine, node: Node): void {
  setNodeState(engine, node, node.record.schedulingState === "enabled" ? "idle" : "offline");
  engine.emit({ kind: "nodeReady", node });
}

/** idle, running or offline: its tasks and its scheduling state decide. */
export function refreshUsableNode(engine: Engine, node: Node): void {
  if (!isUsable(node.record.state)) return;
  if (node.runs.size > 0) setNodeState(engine, node, "running");
  else setNodeState(engine, node, node.record.schedulingState === "enabled" ? "idle" : "offline");
}

/** It has booted and can run something. */
export function isUsable(state: NodeState): boolean {
  return state === "idle" || state === "running" || state === "offline";
}
