import { DURATIONS } from "../../limits.ts";
import { keyOf } from "../../model/entities.ts";
import type { Node, Pool } from "../../model/entities.ts";
import type { NodeDeallocationOption } from "../../requestBodies/nodeBodies.ts";
import type { PoolPatch, PoolProperties, PoolSpec, ResizeRequest } from "../../requestBodies/poolBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { leavePool } from "../node/leaving.ts";
import { refuseWhenDeleting, refuseWhenResizing } from "../refusals.ts";
import { startAutoScale } from "./autoscaling.ts";
import { checkFormula, startSampling } from "./formulas.ts";
import { beginResize, continueResize, endResize, setAllocationState, shortfalls, sidesOf } from "./resizing.ts";

export function addPool(engine: Engine, spec: PoolSpec): Pool {
  const existing = engine.store.pools.get(keyOf(spec.id));
  if (existing !== undefined) {
    throw new ServiceError(existing.record.state === "deleting" ? "PoolBeingDeleted" : "PoolExists");
  }
  if (spec.enableAutoScale) checkFormula(spec.autoScaleFormula ?? "");
  const version = engine.newVersion();
  const pool = engine.store.addPool({
    id: spec.id,
    seq: engine.store.nextSeq(),
    spec,
    ...version,
    creationTime: version.lastModified,
    state: "active",
    stateTransitionTime: version.lastModified,
    allocationState: "resizing",
    allocationStateTransitionTime: version.lastModified,
    targetDedicatedNodes: spec.targetDedicatedNodes ?? 0,
    targetLowPriorityNodes: spec.targetLowPriorityNodes ?? 0,
    resizeTimeout: spec.resizeTimeout,
    nodeDeallocationOption: "requeue",
    resizeErrors: [],
    enableAutoScale: spec.enableAutoScale,
    ...(spec.enableAutoScale && {
      autoScaleFormula: spec.autoScaleFormula ?? "",
      autoScaleEvaluationInterval: spec.autoScaleEvaluationInterval ?? DURATIONS.DEFAULT_AUTOSCALE_INTERVAL,
    }),
  });
  continueResize(engine, pool);
  startSampling(engine, pool);
  if (spec.enableAutoScale) startAutoScale(engine, pool);
  return pool;
}

/** A new start task applies to nodes that join or restart afterwards. */
export function patchPool(engine: Engine, pool: Pool, patch: PoolPatch): void {
  refuseWhenDeleting(pool);
  const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
  pool.record.spec = { ...pool.record.spec, ...given };
  touchPool(engine, pool);
}

/** What is left out is removed. */
export function replacePoolProperties(engine: Engine, pool: Pool, properties: PoolProperties): void {
  refuseWhenDeleting(pool);
  const { startTask, metadata, targetNodeCommunicationMode = "default" } = properties;
  pool.record.spec = { ...pool.record.spec, startTask, metadata, targetNodeCommunicationMode };
  pool.record.wasReset = true;
  touchPool(engine, pool);
}

export function resizePool(engine: Engine, pool: Pool, request: ResizeRequest): void {
  refuseWhenDeleting(pool);
  if (pool.record.enableAutoScale) throw new ServiceError("OperationNotValidOnPool");
  refuseWhenResizing(pool);
  beginResize(engine, pool, {
    dedicated: request.targetDedicatedNodes ?? pool.record.targetDedicatedNodes,
    lowPriority: request.targetLowPriorityNodes ?? pool.record.targetLowPriorityNodes,
    option: request.nodeDeallocationOption,
    timeout: request.resizeTimeout,
  });
  touchPool(engine, pool);
}

export function stopResize(engine: Engine, pool: Pool): void {
  refuseWhenDeleting(pool);
  if (pool.record.allocationState === "steady") throw new ServiceError("OperationInvalidForCurrentState");
  if (pool.record.allocationState === "stopping") return;
  pool.cancelResize?.();
  setAllocationState(engine, pool, "stopping");
  touchPool(engine, pool);
  pool.cancelResize = engine.after(engine.timings.allocationMs, () => {
    endResize(engine, pool, shortfalls(pool, "ResizeStopped", "due to a stop resize operation"));
  });
}

export function removeNodes(engine: Engine, pool: Pool, nodes: readonly Node[], option: NodeDeallocationOption): void {
  refuseWhenDeleting(pool);
  if (pool.record.enableAutoScale) throw new ServiceError("OperationNotValidOnPool");
  refuseWhenResizing(pool);
  const [dedicated, lowPriority] = sidesOf(pool).map(
    (side) => side.target - side.nodes.filter((node) => nodes.includes(node)).length,
  );
  for (const node of nodes) leavePool(engine, node, option);
  beginResize(engine, pool, {
    dedicated: Math.max(0, dedicated ?? 0),
    lowPriority: Math.max(0, lowPriority ?? 0),
    option,
  });
  touchPool(engine, pool);
}

/** The tasks on its nodes are requeued; its jobs stay and wait for another pool of this name. */
export function deletePool(engine: Engine, pool: Pool): void {
  refuseWhenDeleting(pool);
  const { record } = pool;
  record.state = "deleting";
  record.stateTransitionTime = engine.now();
  touchPool(engine, pool);
  continueDeletion(engine, pool);
}

/** Also takes up a deletion that a restart interrupted. */
export function continueDeletion(engine: Engine, pool: Pool): void {
  pool.cancelResize?.();
  pool.cancelAutoScale?.();
  for (const node of pool.nodes.values()) leavePool(engine, node, "requeue");
  engine.after(engine.timings.poolDeleteMs, () => {
    pool.whenEmpty = () => {
      if (pool.nodes.size === 0 && engine.store.pools.get(keyOf(pool.record.id)) === pool) {
        engine.store.removePool(pool);
      }
    };
    pool.whenEmpty();
  });
}

/** A change that a user asked for shows in the ETag; what the service does by itself does not. */
export function touchPool(engine: Engine, pool: Pool): void {
  Object.assign(pool.record, engine.newVersion());
  engine.store.savePool(pool);
}
