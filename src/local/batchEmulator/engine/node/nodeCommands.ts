import { join } from "node:path";
import { ServiceError } from "../../serviceError.ts";
import type { Node, Pool } from "../../model/entities.ts";
import type { NodeState } from "../../model/records.ts";
import type { NodeDeallocationOption } from "../../requestBodies/poolBodies.ts";
import type { Engine } from "../engine.ts";
import { refreshUsableNode, setNodeState } from "./nodeStates.ts";
import { afterNodeLeft } from "../pool/resizing.ts";
import { schedule } from "../scheduling/scheduler.ts";
import { runStartTask } from "./startTask.ts";
import { endRun } from "../task/taskRun.ts";

export function createNode(engine: Engine, pool: Pool, isDedicated: boolean): Node {
  const id = `tvmps_${engine.random.hex(64)}_${isDedicated ? "d" : "p"}`;
  const now = engine.now();
  const node = engine.store.addNode(pool, {
    id,
    seq: engine.store.nextSeq(),
    poolId: pool.record.id,
    isDedicated,
    allocationTime: now,
    ipAddress: freeAddress(pool),
    state: "creating",
    stateTransitionTime: now,
    schedulingState: "enabled",
    errors: [],
    totalTasksRun: 0,
    totalTasksSucceeded: 0,
    folder: join(engine.nodesFolder, id),
  });
  boot(engine, node);
  return node;
}

/** Takes a node from "creating", "rebooting" or "reimaging" to the point where it takes tasks. */
export function boot(engine: Engine, node: Node): void {
  const epoch = ++node.epoch;
  const whenStill = (action: () => void) => (): void => {
    if (node.epoch === epoch && node.pool.nodes.get(node.record.id) === node) action();
  };
  const start = (): void => {
    engine.runner.prepareNode(node.record.folder);
    node.record.errors = [];
    delete node.record.startTaskInfo;
    node.record.lastBootTime = engine.now();
    setNodeState(engine, node, "starting");
    engine.after(
      engine.timings.startMs,
      whenStill(() => engine.inBackground(runStartTask(engine, node, () => node.epoch === epoch))),
    );
  };
  engine.after(engine.timings.bootMs, whenStill(start));
}

/** The node takes tasks from now on. */
export function becomeUsable(engine: Engine, node: Node): void {
  setNodeState(engine, node, node.record.schedulingState === "enabled" ? "idle" : "offline");
  schedule(engine, node.pool.record.id);
}

/** Reboot keeps what is on the disk, reimage does not; the tasks on the node are dealt with as asked. */
export function restartNode(
  engine: Engine,
  node: Node,
  state: "rebooting" | "reimaging",
  option: NodeDeallocationOption,
): void {
  refuseUnlessRestartable(node);
  // With these two the tasks end first.
  const waits = option === "taskcompletion" || option === "retaineddata";
  if (waits && node.runs.size > 0) {
    node.isDraining = true;
    node.whenDrained = () => restart(engine, node, state);
    return;
  }
  for (const run of node.runs) endRun(engine, run, option === "terminate" ? "terminated" : "requeued");
  restart(engine, node, state);
}

export function disableScheduling(
  engine: Engine,
  node: Node,
  option: "requeue" | "terminate" | "taskcompletion",
): void {
  if (node.record.schedulingState === "disabled") throw new ServiceError("NodeAlreadyInTargetSchedulingState");
  node.record.schedulingState = "disabled";
  if (option !== "taskcompletion") {
    for (const run of node.runs) endRun(engine, run, option === "terminate" ? "terminated" : "requeued");
  }
  refreshUsableNode(engine, node);
  engine.store.saveNode(node);
}

export function enableScheduling(engine: Engine, node: Node): void {
  if (node.record.schedulingState === "enabled") throw new ServiceError("NodeAlreadyInTargetSchedulingState");
  node.record.schedulingState = "enabled";
  refreshUsableNode(engine, node);
  engine.store.saveNode(node);
  schedule(engine, node.pool.record.id);
}

/** Takes the node out of its pool; the tasks on it are requeued, ended or waited for. */
export function leavePool(engine: Engine, node: Node, option: NodeDeallocationOption): void {
  if (node.record.state === "leavingpool") return;
  if ((option === "taskcompletion" || option === "retaineddata") && node.runs.size > 0) {
    node.isDraining = true;
    node.whenDrained = () => leave(engine, node);
    return;
  }
  for (const run of node.runs) endRun(engine, run, option === "terminate" ? "terminated" : "requeued");
  leave(engine, node);
}

export function onRunEnded(_engine: Engine, node: Node): void {
  if (node.runs.size > 0) return;
  const { whenDrained } = node;
  delete node.whenDrained;
  whenDrained?.();
}

function leave(engine: Engine, node: Node): void {
  node.epoch++;
  node.isDraining = true;
  node.killStartTask?.();
  setNodeState(engine, node, "leavingpool");
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
  afterNodeLeft(engine, node.pool);
  await engine.runner.removeFolder(node.record.folder);
}

function restart(engine: Engine, node: Node, state: "rebooting" | "reimaging"): void {
  node.epoch++;
  node.isDraining = false;
  node.killStartTask?.();
  setNodeState(engine, node, state);
  const { epoch } = node;
  const bootUnlessLost = (): void => {
    if (node.epoch === epoch) boot(engine, node);
  };
  engine.inBackground(resetMachine(engine, node, state === "reimaging").then(bootUnlessLost));
}

/** What a power cycle does to the processes, and a new image to the disk. */
export async function resetMachine(engine: Engine, node: Node, isDiskLost: boolean): Promise<void> {
  await engine.runner.killAllIn(node.record.folder);
  if (isDiskLost) await engine.runner.removeFolder(node.record.folder);
}

function refuseUnlessRestartable(node: Node): void {
  const refusals: Partial<Record<NodeState, ConstructorParameters<typeof ServiceError>[0]>> = {
    creating: "NodeBeingCreated",
    starting: "NodeBeingStarted",
    rebooting: "NodeBeingRebooted",
    reimaging: "NodeBeingReimaged",
    leavingpool: "OperationNotValidOnNode",
    preempted: "OperationNotValidOnNode",
  };
  const code = refusals[node.record.state];
  if (code !== undefined) throw new ServiceError(code);
}

function freeAddress(pool: Pool): string {
  const taken = new Set([...pool.nodes.values()].map((node) => node.record.ipAddress));
  for (let n = 4; ; n++) {
    const address = `10.0.${Math.floor(n / 256)}.${n % 256}`;
    if (!taken.has(address)) return address;
  }
}
