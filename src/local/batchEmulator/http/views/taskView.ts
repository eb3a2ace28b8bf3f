import type { Task } from "../../model/entities.ts";
import { taskRoot } from "../../model/nodeFolders.ts";
import { noUsage } from "./usage.ts";

export function taskView(baseUrl: string, task: Task, withStats = false): object {
  const { record, job } = task;
  const { id, progress, creationTime, spec } = record;
  const { eTag, lastModified, state, execution } = progress;
  const url = `${baseUrl}/jobs/${job.record.id}/tasks/${id}`;
  const { id: _id, displayName, ...rest } = spec;
  return {
    id,
    displayName,
    url,
    eTag,
    creationTime,
    lastModified,
    state,
    stateTransitionTime: progress.stateTransitionTime,
    previousState: progress.previousState,
    previousStateTransitionTime: progress.previousStateTransitionTime,
    ...rest,
    executionInfo: execution,
    // A task that was ended before it started has an empty one.
    ...(state !== "active" && { nodeInfo: nodeInfo(baseUrl, task) }),
    ...(withStats && { stats: noUsage(`${url}/taskstats`, creationTime, execution.endTime) }),
  };
}

function nodeInfo(baseUrl: string, { record, job }: Task): object {
  const { node } = record.progress;
  if (node === undefined) return {};
  const root = taskRoot(job.record.id, record.id);
  const nodeUrl = `${baseUrl}/pools/${node.poolId}/nodes/${node.nodeId}`;
  return {
    affinityId: `TVM:${node.nodeId}`,
    nodeUrl,
    poolId: node.poolId,
    nodeId: node.nodeId,
    taskRootDirectory: root,
    taskRootDirectoryUrl: `${nodeUrl}/files/${root}`,
  };
}
