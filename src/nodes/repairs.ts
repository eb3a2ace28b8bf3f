import { parseTime, secondsBetween } from "../model/time.ts";
import type { BrokenNode } from "../services.ts";
import { repairsAllowed } from "./allowance.ts";
import type { Ledger } from "./ledger.ts";
import { notesOf, withNotes } from "./ledger.ts";

/**
 * An unusable node without an error is one that Batch does not hear from, and tries to recover:
 * https://learn.microsoft.com/azure/batch/batch-pool-node-error-checking#node-in-unusable-state
 */
const SILENT_GRACE_SECONDS = 20 * 60;
/** How long a reboot may take to show. */
const REBOOT_GRACE_SECONDS = 240;

export interface RepairPlan {
  readonly reboot: readonly PlannedRepair[];
  readonly remove: readonly PlannedRepair[];
  /** How many more are broken, and left alone for now because repairs do not help. */
  readonly postponed: number;
}

export interface PlannedRepair {
  readonly nodeId: string;
  /** Completes the sentence "it is broken: …". */
  readonly why: string;
}

/**
 * What to do with nodes that are broken: reboot them, and remove those that a reboot has not mended. The ledger is to be
 * written before anything is done, so that no crash makes it more than is allowed.
 */
export function planRepairs(
  ledger: Ledger,
  broken: readonly BrokenNode[],
  now: Date,
): { readonly ledger: Ledger; readonly result: RepairPlan } {
  const due = broken.filter((node) => isDue(ledger, node, now)).sort((a, b) => a.since.localeCompare(b.since));
  const chosen = due.slice(0, repairsAllowed(ledger.repairs, now));
  const [reboot, remove]: [PlannedRepair[], PlannedRepair[]] = [[], []];
  let changed = ledger;
  for (const node of chosen) {
    const { nodeId } = node;
    const at = now.toISOString();
    const why = whyBroken(node);
    const isRemoved = notesOf(ledger, nodeId).rebootedAt !== null || isDiskFull(node) || node.state === "offline";
    (isRemoved ? remove : reboot).push({ nodeId, why });
    const notes = isRemoved ? { mustLeave: { since: at, why, hasLeft: false } } : { rebootedAt: at };
    changed = withNotes({ ...changed, repairs: [...changed.repairs, at] }, nodeId, notes, now);
  }
  return { ledger: changed, result: { reboot, remove, postponed: due.length - chosen.length } };
}

function isDue(ledger: Ledger, node: BrokenNode, now: Date): boolean {
  const { rebootedAt, mustLeave } = notesOf(ledger, node.nodeId);
  if (mustLeave !== null) return false;
  if (rebootedAt !== null && secondsBetween(parseTime(rebootedAt), now) < REBOOT_GRACE_SECONDS) return false;
  const mayRecover = node.state === "unusable" && node.errors.length === 0;
  return !mayRecover || secondsBetween(parseTime(node.since), now) >= SILENT_GRACE_SECONDS;
}

/** A reboot keeps what is on the disk. */
function isDiskFull({ errors }: BrokenNode): boolean {
  return errors.some(({ code }) => code === "DiskFull");
}

function whyBroken({ state, errors }: BrokenNode): string {
  const details = errors.map(({ code, message }) => `${code}: ${message}`).join("; ");
  if (state === "offline") return "it was taken out of service, and what was noted of it is lost";
  const what = state === "starttaskfailed" ? "its start task failed" : "it is unusable";
  return details === "" ? what : `${what} (${details})`;
}
