import { ConflictError, ServiceError } from "../model/errors.ts";
import { parseTime, secondsBetween } from "../model/time.ts";
import type { AutoScaling, BlobAddress, PoolTargets, Services } from "../services.ts";

/**
 * What is remembered of the nodes of our pool, in one blob. Batch says how a node is, but not how often it was repaired,
 * nor which conversions failed on it. Written only when something is wrong: as long as all is well there is no blob.
 */
export interface Ledger {
  readonly schemaVersion: 1;
  /** By id, of the last day. */
  readonly nodes: Readonly<Record<string, NodeNotes>>;
  /** When nodes were rebooted and removed in the last day, in ISO 8601 as all times here, the oldest first. */
  readonly repairs: readonly string[];
  /** Set while nodes are being removed. */
  readonly removal: Removal | null;
}

export interface NodeNotes {
  readonly changedAt: string;
  readonly rebootedAt: string | null;
  /** Why the node has to leave the pool; null if it may stay. */
  readonly mustLeave: { readonly since: string; readonly why: string; readonly hasLeft: boolean } | null;
  /** The last things that failed on the node since a task last succeeded there, at most one per video. */
  readonly failures: readonly { readonly video: string; readonly code: string }[];
  /** How many tasks had succeeded there when the last of them failed. */
  readonly tasksSucceeded: number;
}

/** What the pool has to be again after nodes were removed from it. */
export interface Removal {
  readonly since: string;
  readonly scaling: AutoScaling | null;
  readonly targets: PoolTargets;
  /** What the removal makes of the targets. If they are anything else afterwards, somebody has set them since. */
  readonly expected: PoolTargets;
}

const EMPTY: Ledger = { schemaVersion: 1, nodes: {}, repairs: [], removal: null };
const NO_NOTES: Omit<NodeNotes, "changedAt"> = { rebootedAt: null, mustLeave: null, failures: [], tasksSucceeded: 0 };

const DAY_SECONDS = 86_400;

/** One of those who write at the same time succeeds with each try. */
const MAX_TRIES = 20;

interface Change<Result> {
  /** The same object: nothing has changed, so nothing is written. */
  readonly ledger: Ledger;
  readonly result: Result;
}

export async function readLedger(services: Services): Promise<Ledger> {
  return (await readStored(services)).ledger;
}

/**
 * Changes what is stored. `change` is called again when somebody else was faster, so it must do nothing else. Throws a
 * `ConflictError` when too many others are faster.
 */
export async function changeLedger<Result>(
  services: Services,
  change: (ledger: Ledger) => Change<Result>,
): Promise<Result> {
  for (let triesLeft = MAX_TRIES - 1; ; triesLeft--) {
    const { ledger, eTag } = await readStored(services);
    const { ledger: changed, result } = change(ledger);
    if (changed === ledger) return result;
    const text = JSON.stringify(forget(changed, services.now()));
    try {
      const options = { contentType: "application/json", condition: { eTag } };
      await services.blobs.writeText(ledgerBlob(services), text, options);
      return result;
    } catch (error) {
      const isLost = error instanceof ServiceError && error.code === "ContainerNotFound";
      if (triesLeft === 0 || !(isLost || error instanceof ConflictError)) throw error;
      // Somebody has deleted it, and there may be no work that would make it again.
      if (isLost) await services.blobs.ensureContainer(ledgerBlob(services).container);
    }
  }
}

export function notesOf(ledger: Ledger, nodeId: string): Omit<NodeNotes, "changedAt"> {
  return ledger.nodes[nodeId] ?? NO_NOTES;
}

export function withNotes(ledger: Ledger, nodeId: string, notes: Partial<NodeNotes>, now: Date): Ledger {
  const changed = { ...notesOf(ledger, nodeId), ...notes, changedAt: now.toISOString() };
  return { ...ledger, nodes: { ...ledger.nodes, [nodeId]: changed } };
}

/** The nodes that have to leave the pool, and are not known to have left it. */
export function leavingNodes(ledger: Ledger): readonly string[] {
  return Object.keys(ledger.nodes).filter((nodeId) => notesOf(ledger, nodeId).mustLeave?.hasLeft === false);
}

/** The ids stay known: a new node has a new one. */
export function withNodesGone(ledger: Ledger, nodeIds: readonly string[], now: Date): Ledger {
  return nodeIds.reduce((changed, nodeId) => {
    const { mustLeave } = notesOf(changed, nodeId);
    return mustLeave === null
      ? changed
      : withNotes(changed, nodeId, { mustLeave: { ...mustLeave, hasLeft: true } }, now);
  }, ledger);
}

/** Without what is older than a day, so that the blob does not grow, and a node that has long been well starts anew. */
function forget(ledger: Ledger, now: Date): Ledger {
  const isRecent = (time: string): boolean => secondsBetween(parseTime(time), now) < DAY_SECONDS;
  const kept = Object.entries(ledger.nodes).filter(([, notes]) => isRecent(notes.changedAt));
  return { ...ledger, nodes: Object.fromEntries(kept), repairs: ledger.repairs.filter(isRecent) };
}

async function readStored(services: Services): Promise<{ ledger: Ledger; eTag: string | null }> {
  const found = await services.blobs.readText(ledgerBlob(services));
  if (found === undefined) return { ledger: EMPTY, eTag: null };
  return { ledger: JSON.parse(found.text) as Ledger, eTag: found.eTag };
}

/** In the container of the scripts, because tasks can write to the staging container. */
function ledgerBlob({ config }: Services): BlobAddress {
  return { container: config.containers.application, name: `nodes/${config.batch.poolId}.json` };
}
