import { parseTime, secondsBetween } from "../model/time.ts";
import type { FailureCode } from "../model/failures.ts";
import { repairsAllowed } from "./allowance.ts";
import type { Ledger } from "./ledger.ts";
import { notesOf, withNotes } from "./ledger.ts";

/** After so many different videos in a row it is no longer the videos. */
const MAX_FAILURES_IN_A_ROW = 3;
/** Where more nodes than this fail within an hour, something else is wrong, such as the way to the storage account. */
const MAX_BLAMED_PER_HOUR = 2;
const HOUR_SECONDS = 3600;

/**
 * Failures that a node may be to blame for: a full disk, a broken installation, a script that is killed, a network that
 * fails. Not NodeLost, which is Batch's or an operator's doing; nor AccessExpired, which is a refusal by Storage; nor what
 * a script says of its input.
 */
const OF_NODES: ReadonlySet<string> = new Set<FailureCode>([
  "DiskFull",
  "NodeUnfit",
  "ScriptFailed",
  "DownloadFailed",
  "UploadFailed",
]);

export function mayBeTheNodes(code: string): boolean {
  return OF_NODES.has(code);
}

/** A conversion that has failed on a node. */
export interface NodeFailure {
  readonly nodeId: string;
  /** Its container and name. */
  readonly video: string;
  readonly code: string;
  /** How many tasks have succeeded on the node until now. */
  readonly tasksSucceeded: number;
}

export interface Blame {
  /** How many videos have failed there in a row; no more than it takes are counted. */
  readonly inARow: number;
  /** Why the node has to leave, if this failure was the last straw. */
  readonly why: string | undefined;
}

/** Notes the failure. A node on which three different videos have failed, and nothing in between succeeded, must leave. */
export function blameNode(
  ledger: Ledger,
  { nodeId, video, code, tasksSucceeded }: NodeFailure,
  now: Date,
): { readonly ledger: Ledger; readonly result: Blame } {
  const known = notesOf(ledger, nodeId);
  const before = tasksSucceeded === known.tasksSucceeded ? known.failures : [];
  // No more than it takes, because there may be thousands while a node cannot be blamed.
  const failures = [...before.filter((failure) => failure.video !== video), { video, code }].slice(
    -MAX_FAILURES_IN_A_ROW,
  );
  const noted = withNotes(ledger, nodeId, { failures, tasksSucceeded }, now);
  const inARow = failures.length;
  if (inARow < MAX_FAILURES_IN_A_ROW || known.mustLeave !== null || !mayBlame(ledger, now)) {
    return { ledger: noted, result: { inARow, why: undefined } };
  }
  const at = now.toISOString();
  const codes = [...new Set(failures.map((failure) => failure.code))].join(", ");
  const why = `${inARow} videos in a row failed on it (${codes})`;
  const notes = { mustLeave: { since: at, why, hasLeft: false } };
  const blamed = withNotes({ ...noted, repairs: [...noted.repairs, at] }, nodeId, notes, now);
  return { ledger: blamed, result: { inARow, why } };
}

function mayBlame(ledger: Ledger, now: Date): boolean {
  const recent = Object.values(ledger.nodes).filter(
    ({ failures, mustLeave }) =>
      failures.length > 0 && mustLeave && secondsBetween(parseTime(mustLeave.since), now) < HOUR_SECONDS,
  );
  return recent.length < MAX_BLAMED_PER_HOUR && repairsAllowed(ledger.repairs, now) > 0;
}
