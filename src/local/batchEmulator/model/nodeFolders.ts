import { join } from "node:path";
import type { Node } from "./entities.ts";

/** The folders of a node: https://learn.microsoft.com/azure/batch/files-and-directories */
export const NODE_FOLDERS = ["applications", "fsmounts", "shared", "startup", "volatile", "workitems"] as const;

export function startupFolder(node: Node): string {
  return join(node.record.folder, "startup");
}

export function taskRoot(jobId: string, taskId: string): string {
  return `workitems/${jobId}/job-1/${taskId}`;
}

export function taskFolder(node: Node, jobId: string, taskId: string): string {
  return join(node.record.folder, ...taskRoot(jobId, taskId).split("/"));
}

export function jobFolder(node: Node, jobId: string): string {
  return join(node.record.folder, "workitems", jobId);
}
