import type { WaitReason } from "../model/batchTask.ts";
import type { Services } from "../services.ts";
import { repairsDoNotHelp } from "./allowance.ts";
import type { Ledger } from "./ledger.ts";
import { leavingNodes, readLedger } from "./ledger.ts";

/** The reason why a task waits, with what is being done about the nodes where they are the reason. */
export async function withRepairs(services: Services, reason: WaitReason | null): Promise<WaitReason | null> {
  const isOfNodes = reason?.code === "StartTaskFailed" || reason?.code === "NodeUnusable";
  if (!isOfNodes || !services.config.batch.repairNodes) return reason;
  const news = describeRepairs(await readLedger(services), services.now());
  return news === null ? reason : { ...reason, text: `${reason.text}; ${news}` };
}

/** Null when nothing has been done. */
export function describeRepairs(ledger: Ledger, now: Date): string | null {
  const { repairs } = ledger;
  if (repairsDoNotHelp(repairs, now)) {
    return `repairing ${repairs.length} nodes in a day has not helped, so only one an hour is tried until the cause is mended`;
  }
  const leaving = leavingNodes(ledger).length;
  if (leaving > 0) return `${leaving === 1 ? "1 node is" : `${leaving} nodes are`} being replaced`;
  const rebooted = Object.values(ledger.nodes).filter(({ rebootedAt, mustLeave }) => rebootedAt && !mustLeave).length;
  return rebooted === 0 ? null : `${rebooted === 1 ? "1 node was" : `${rebooted} nodes were`} rebooted`;
}
