import { changeLedger, leavingNodes, readLedger } from "../nodes/ledger.ts";
import { planRepairs } from "../nodes/repairs.ts";
import type { Services } from "../services.ts";
import { removeNodes } from "./removeNodes.ts";

/**
 * Looks after a pool that is ours: reboots nodes that have broken, and removes those that a reboot has not mended or that videos keep failing on. Each call
 * takes the next step and waits for nothing. Where all is well it costs one request to Batch and one to Storage. Returns
 * what it has done, in sentences for the log.
 */
export async function tendPool(services: Services): Promise<readonly string[]> {
  const { nodes, now } = services;
  const [broken, known] = await Promise.all([nodes.listBroken(), readLedger(services)]);
  if (broken.length === 0 && known.removal === null && leavingNodes(known).length === 0) return [];
  if (!(await nodes.isOurs())) return [];

  const plan = await changeLedger(services, (ledger) => planRepairs(ledger, broken, now()));
  const done: string[] = [];
  for (const { nodeId, why } of plan.reboot) {
    const isAccepted = await nodes.reboot(nodeId);
    done.push(`${isAccepted ? "Rebooted" : "Batch refused to reboot"} node ${nodeId}: ${why}`);
  }
  if (plan.postponed > 0) done.push(`Left ${plan.postponed} broken nodes alone, because repairs have not helped today`);
  return [...done, ...(await removeNodes(services))];
}
