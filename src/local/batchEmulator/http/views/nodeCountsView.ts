import type { Pool } from "../../model/entities.ts";
import type { NodeState } from "../../model/records.ts";

const COUNTED: Readonly<Record<NodeState, string>> = {
  creating: "creating",
  deallocated: "deallocated",
  deallocating: "deallocating",
  idle: "idle",
  leavingpool: "leavingPool",
  offline: "offline",
  preempted: "preempted",
  rebooting: "rebooting",
  reimaging: "reimaging",
  running: "running",
  starting: "starting",
  starttaskfailed: "startTaskFailed",
  unknown: "unknown",
  unusable: "unusable",
  waitingforstarttask: "waitingForStartTask",
};

/** A state that no node here is ever in. */
const UPGRADING = "upgradingOS";

export function nodeCountsView(pool: Pool): object {
  const count = (isDedicated: boolean): Record<string, number> => {
    const counts = Object.fromEntries([...Object.values(COUNTED), UPGRADING].map((name) => [name, 0]));
    const nodes = [...pool.nodes.values()].filter(({ record }) => record.isDedicated === isDedicated);
    for (const { record } of nodes) counts[COUNTED[record.state]] = (counts[COUNTED[record.state]] ?? 0) + 1;
    return { ...counts, total: nodes.length };
  };
  return { poolId: pool.record.id, dedicated: count(true), lowPriority: count(false) };
}
