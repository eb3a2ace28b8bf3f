import { join } from "node:path";
import { keyOf } from "../../model/entities.ts";
import type { Node, Pool } from "../../model/entities.ts";
import type { Engine } from "../engine.ts";
import { setNodeState } from "./nodeStates.ts";
import { runStartTask } from "./startTaskRun.ts";

export function createNode(engine: Engine, pool: Pool, isDedicated: boolean): void {
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
}

/** Takes a node from "creating", "rebooting" or "reimaging" to the point where it takes tasks. */
export function boot(engine: Engine, node: Node): void {
  const epoch = ++node.epoch;
  const ifCurrent = (action: () => void) => (): void => {
    if (node.epoch === epoch && isInPool(node)) action();
  };
  const start = (): void => {
    engine.runner.prepareNode(node.record.folder);
    node.record.errors = [];
    delete node.record.startTaskInfo;
    node.record.lastBootTime = engine.now();
    setNodeState(engine, node, "starting");
    engine.after(
      engine.timings.startMs,
      ifCurrent(() => engine.inBackground(runStartTask(engine, node, () => node.epoch === epoch))),
    );
  };
  engine.after(engine.timings.bootMs, ifCurrent(start));
}

/** What a power cycle does to the processes, and a new image to the disk. */
export async function resetMachine(engine: Engine, node: Node, isDiskLost: boolean): Promise<void> {
  if (isDiskLost && node.record.users !== undefined) {
    delete node.record.users;
    engine.store.saveNode(node);
  }
  await engine.runner.killAllIn(node.record.folder);
  if (isDiskLost) await engine.runner.removeFolder(node.record.folder);
}

export function isInPool(node: Node): boolean {
  return node.pool.nodes.get(keyOf(node.record.id)) === node;
}

/** Azure keeps the first four addresses of a subnet for itself. */
function freeAddress(pool: Pool): string {
  const taken = new Set([...pool.nodes.values()].map((node) => node.record.ipAddress));
  for (let n = 4; ; n++) {
    const address = `10.0.${Math.floor(n / 256)}.${n % 256}`;
    if (!taken.has(address)) return address;
  }
}
