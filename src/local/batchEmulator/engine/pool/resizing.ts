import { durationMs } from "../../duration.ts";
import type { Node, Pool } from "../../model/entities.ts";
import type { PoolRecord, ResizeError } from "../../model/records.ts";
import type { NodeDeallocationOption } from "../../requestBodies/nodeBodies.ts";
import type { Engine } from "../engine.ts";
import { managerSpecOf } from "../job/jobManager.ts";
import { createNode } from "../node/booting.ts";
import { leavePool } from "../node/leaving.ts";

interface ResizeTargets {
  readonly dedicated: number;
  readonly lowPriority: number;
  readonly option: NodeDeallocationOption;
  readonly timeout?: string;
}

interface Side {
  readonly name: "dedicated" | "lowPriority";
  readonly target: number;
  readonly nodes: readonly Node[];
}

export function setAllocationState(engine: Engine, pool: Pool, state: PoolRecord["allocationState"]): void {
  pool.record.allocationState = state;
  pool.record.allocationStateTransitionTime = engine.now();
  engine.store.savePool(pool);
}

/** The nodes follow a little later; until then the pool is "resizing". */
export function beginResize(engine: Engine, pool: Pool, targets: ResizeTargets): void {
  const { record } = pool;
  record.targetDedicatedNodes = targets.dedicated;
  record.targetLowPriorityNodes = targets.lowPriority;
  record.nodeDeallocationOption = targets.option;
  if (targets.timeout !== undefined) record.resizeTimeout = targets.timeout;
  record.resizeErrors = [];
  setAllocationState(engine, pool, "resizing");
  continueResize(engine, pool);
}

/** Also takes up a resize that a restart interrupted. */
export function continueResize(engine: Engine, pool: Pool): void {
  pool.cancelResize?.();
  pool.cancelResize = engine.after(engine.timings.allocationMs, () => allocate(engine, pool));
}

/** The targets stay as they were set; the errors say why the nodes do not match them. */
export function endResize(engine: Engine, pool: Pool, errors: readonly ResizeError[]): void {
  pool.cancelResize?.();
  pool.cancelResize = undefined;
  for (const node of pool.nodes.values()) {
    if (!node.isDraining || node.record.state === "leavingpool") continue;
    node.isDraining = false;
    delete node.whenDrained;
  }
  pool.record.resizeErrors = errors;
  setAllocationState(engine, pool, "steady");
  engine.emit({ kind: "resizeEnded", pool });
}

export function onNodeLeft(engine: Engine, pool: Pool): void {
  if (pool.record.state === "deleting") {
    pool.whenEmpty?.();
    return;
  }
  if (pool.record.allocationState === "resizing" && pool.cancelResize !== undefined) {
    finishWhenReached(engine, pool, []);
  }
}

export function sidesOf({ record, nodes }: Pool): readonly Side[] {
  const all = [...nodes.values()];
  return [
    { name: "dedicated", target: record.targetDedicatedNodes, nodes: all.filter((node) => node.record.isDedicated) },
    {
      name: "lowPriority",
      target: record.targetLowPriorityNodes,
      nodes: all.filter((node) => !node.record.isDedicated),
    },
  ];
}

/** One error for each kind of node of which there are not as many as there should be. */
export function shortfalls(pool: Pool, code: string, reason: string): ResizeError[] {
  return sidesOf(pool)
    .filter(({ nodes, target }) => nodes.length !== target)
    .map(({ name }) => ({
      code,
      message: `Desired number of ${name === "dedicated" ? "dedicated" : "low priority"} nodes could not be allocated ${reason}`,
    }));
}

function allocate(engine: Engine, pool: Pool): void {
  const errors: ResizeError[] = [];
  for (const side of sidesOf(pool)) {
    const staying = side.nodes.filter((node) => !node.isDraining);
    const excess = staying.length - side.target;
    for (const node of [...staying].sort(byCostOfLoss).slice(0, Math.max(0, excess))) {
      leavePool(engine, node, pool.record.nodeDeallocationOption);
    }
    if (excess < 0) errors.push(...grow(engine, pool, side, -excess));
  }
  pool.cancelResize = engine.after(durationMs(pool.record.resizeTimeout), () =>
    endResize(engine, pool, shortfalls(pool, "AllocationTimedout", "as the resize timeout was reached")),
  );
  finishWhenReached(engine, pool, errors);
}

function grow(engine: Engine, pool: Pool, { name, target }: Side, missing: number): ResizeError[] {
  const failure = engine.faults.onResize(pool.record.id, name);
  if (failure !== undefined) return [failure];
  let taken = 0;
  for (const other of engine.store.pools.values()) taken += other.nodes.size;
  const allowed = Math.max(0, Math.min(missing, engine.maxNodes - taken));
  for (let i = 0; i < allowed; i++) createNode(engine, pool, name === "dedicated");
  if (allowed === missing) return [];
  const isDedicated = name === "dedicated";
  return [
    {
      code: isDedicated ? "AccountCoreQuotaReached" : "AccountLowPriorityCoreQuotaReached",
      message: `The specified account has reached its ${isDedicated ? "" : "low-priority "}core quota`,
      values: [
        { name: "EmulatorNodeLimit", value: String(engine.maxNodes) },
        { name: "RequestedNodes", value: String(target) },
      ],
    },
  ];
}

function finishWhenReached(engine: Engine, pool: Pool, errors: readonly ResizeError[]): void {
  const isReached = sidesOf(pool).every(({ nodes, target }) => nodes.length === target);
  const isLeaving = [...pool.nodes.values()].some((node) => node.isDraining);
  if (isReached || (errors.length > 0 && !isLeaving)) endResize(engine, pool, errors);
  else if (errors.length > 0) pool.record.resizeErrors = errors;
}

/** Nodes without a job manager leave first, then those with the fewest tasks, and of those the ones that are not idle yet. */
function byCostOfLoss(a: Node, b: Node): number {
  return (
    Number(hasManager(a)) - Number(hasManager(b)) ||
    a.runs.size - b.runs.size ||
    Number(a.record.state === "idle") - Number(b.record.state === "idle")
  );
}

function hasManager({ runs }: Node): boolean {
  return [...runs].some(({ task }) => managerSpecOf(task) !== undefined);
}
