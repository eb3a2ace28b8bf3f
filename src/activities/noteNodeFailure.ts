import type { TaskRef } from "../model/batchTask.ts";
import type { BlobVersion } from "../model/conversion.ts";
import { withoutSecrets } from "../model/redact.ts";
import { blameNode } from "../nodes/blame.ts";
import { changeLedger } from "../nodes/ledger.ts";
import type { Services } from "../services.ts";

export interface NoteNodeFailureInput {
  readonly task: TaskRef;
  /** On which it failed. */
  readonly nodeId: string;
  readonly source: BlobVersion;
  /** Of the failure. */
  readonly code: string;
}

export interface NoteNodeFailureOutput {
  /** For the log. */
  readonly warning: string | null;
}

/**
 * Notes that a conversion has failed on a node, and takes a node on which everything fails out of service: it fails fast,
 * so it would soon have had every task of the queue. Never throws, because the conversion has other worries.
 */
export async function noteNodeFailure(
  services: Services,
  { task, nodeId, source, code }: NoteNodeFailureInput,
): Promise<NoteNodeFailureOutput> {
  const { nodes, now } = services;
  const { poolId, repairNodes } = services.config.batch;
  if (!repairNodes || task.poolId !== poolId) return { warning: null };
  try {
    if (!(await nodes.isOurs())) return { warning: null };
    const node = await nodes.read(nodeId);
    if (node === undefined) return { warning: null };
    const failure = { nodeId, video: `${source.container}/${source.name}`, code, tasksSucceeded: node.tasksSucceeded };
    const { why } = await changeLedger(services, (ledger) => blameNode(ledger, failure, now()));
    if (why === undefined) return { warning: null };
    await nodes.stopTasks(nodeId);
    return { warning: `Node ${nodeId} gets no more tasks and will be removed: ${why}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { warning: withoutSecrets(`Could not note the failure on node ${nodeId}: ${reason}`) };
  }
}
