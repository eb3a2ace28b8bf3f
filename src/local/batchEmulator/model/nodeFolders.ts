import { join } from "node:path";
import type { Node } from "./entities.ts";
import { partsOfJobId } from "./jobIds.ts";

/** The folders of a node: https://learn.microsoft.com/azure/batch/files-and-directories */
export const NODE_FOLDERS = ["applications", "fsmounts", "shared", "startup", "volatile", "workitems"] as const;

export function startupFolder(node: Node): string {
  return join(node.record.folder, "startup");
}

export function taskRoot(jobId: string, taskId: string): string {
  const { scheduleId, jobName } = partsOfJobId(jobId);
  return scheduleId === undefined
    ? `workitems/${jobName}/job-1/${taskId}`
    : `workitems/${scheduleId}/${jobName}/${taskId}`;
}

export function taskFolder(node: Node, jobId: string, taskId: string): string {
  return join(node.record.folder, ...taskRoot(jobId, taskId).split("/"));
}

export function jobFolder(node: Node, jobId: string): string {
  const { scheduleId = "", jobName } = partsOfJobId(jobId);
  return join(node.record.folder, "workitems", scheduleId, jobName);
}
