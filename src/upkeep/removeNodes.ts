import { parseTime, secondsBetween } from "../model/time.ts";
import type { Ledger, Removal } from "../nodes/ledger.ts";
import { changeLedger, leavingNodes, notesOf, readLedger, withNodesGone } from "../nodes/ledger.ts";
import type { NodeReading, PoolScale, PoolTargets, Services } from "../services.ts";

/** A pool must not stay as it is for the removal: without its formula it does not follow the queue. */
const PATIENCE_SECONDS = 30 * 60;

interface LeavingNode extends NodeReading {
  readonly nodeId: string;
}

/**
 * Takes the next step to remove the nodes that must leave. A removal also makes the pool smaller, so its size is set again
 * afterwards; and Batch removes no nodes from a pool that scales by a formula, so that has to rest meanwhile. What the pool
 * has to be again is written down before anything is done to it.
 */
export async function removeNodes(services: Services): Promise<readonly string[]> {
  const { nodes, now } = services;
  const ledger = await readLedger(services);
  const pool = await nodes.readPool();
  const leaving = pool === undefined ? [] : await readLeaving(services, ledger);
  const gone = leavingNodes(ledger).filter((nodeId) => !leaving.some((node) => node.nodeId === nodeId));
  const change = (next: (found: Ledger) => Ledger): Promise<void> =>
    changeLedger(services, (found) => ({ ledger: next(found), result: undefined }));
  if (gone.length > 0) await change((found) => withNodesGone(found, gone, now()));
  if (pool === undefined) {
    if (ledger.removal !== null) await change((found) => ({ ...found, removal: null }));
    return [];
  }
  if (!pool.isSteady) return [];

  const { removal } = ledger;
  const isTooLong = removal !== null && secondsBetween(parseTime(removal.since), now()) >= PATIENCE_SECONDS;
  if (leaving.length > 0 && !isTooLong) {
    const begun = removal ?? { since: now().toISOString(), scaling: null, targets: pool.targets };
    // While it scales, its formula is the one to go back to: the settings may have changed since the removal began.
    const scaling = pool.scaling ?? begun.scaling;
    await change((found) => ({ ...found, removal: { ...begun, scaling, expected: less(pool.targets, leaving) } }));
    return remove(services, ledger, pool, leaving);
  }
  if (removal === null) return [];
  const restored = await restore(services, removal, pool);
  const abandoned = leaving.map(({ nodeId }) => nodeId);
  await change((found) => withNodesGone({ ...found, removal: null }, abandoned, now()));
  return [...abandoned.map((nodeId) => `Gave up removing node ${nodeId}`), ...restored];
}

async function readLeaving({ nodes }: Services, ledger: Ledger): Promise<readonly LeavingNode[]> {
  const found: LeavingNode[] = [];
  for (const nodeId of leavingNodes(ledger)) {
    const node = await nodes.read(nodeId);
    if (node !== undefined) found.push({ ...node, nodeId });
  }
  return found;
}

function less({ dedicated, spot }: PoolTargets, leaving: readonly LeavingNode[]): PoolTargets {
  const ofDedicated = leaving.filter(({ isDedicated }) => isDedicated).length;
  return {
    dedicated: Math.max(0, dedicated - ofDedicated),
    spot: Math.max(0, spot - (leaving.length - ofDedicated)),
  };
}

async function remove(
  { nodes }: Services,
  ledger: Ledger,
  { scaling }: PoolScale,
  leaving: readonly LeavingNode[],
): Promise<readonly string[]> {
  const outcome = await nodes.remove(leaving.map(({ nodeId }) => nodeId));
  switch (outcome) {
    case "accepted":
      return leaving.map(({ nodeId }) => `Removed node ${nodeId}: ${notesOf(ledger, nodeId).mustLeave?.why}`);
    case "busy":
      return [];
    case "refused":
      if (scaling === null) return [`Batch refused to remove ${leaving.map(({ nodeId }) => nodeId).join(", ")}`];
      await nodes.disableScaling();
      return ["The pool keeps its size while broken nodes are removed from it"];
  }
}

async function restore({ nodes }: Services, removal: Removal, pool: PoolScale): Promise<readonly string[]> {
  // Somebody has already let it scale, or it never had to rest.
  if (pool.scaling !== null) return [];
  if (removal.scaling !== null) {
    await nodes.enableScaling(removal.scaling);
    return ["The pool scales by its formula again"];
  }
  const { targets, expected } = removal;
  const isAsLeft = pool.targets.dedicated === expected.dedicated && pool.targets.spot === expected.spot;
  if (!isAsLeft) return [];
  await nodes.resize(targets);
  return [`The pool gets ${targets.dedicated} dedicated and ${targets.spot} spot nodes again`];
}
