import type { Job, Task } from "../../model/entities.ts";
import { taskRoot } from "../../model/nodeFolders.ts";
import { noUsage } from "./usage.ts";

export function jobView(baseUrl: string, job: Job, withStats = false): object {
  const { record } = job;
  const { spec } = record;
  const url = `${baseUrl}/jobs/${record.id}`;
  return {
    id: record.id,
    displayName: spec.displayName,
    url,
    eTag: record.eTag,
    lastModified: record.lastModified,
    creationTime: record.creationTime,
    state: record.state,
    stateTransitionTime: record.stateTransitionTime,
    previousState: record.previousState,
    previousStateTransitionTime: record.previousStateTransitionTime,
    priority: spec.priority,
    maxParallelTasks: spec.maxParallelTasks,
    allowTaskPreemption: spec.allowTaskPreemption,
    usesTaskDependencies: spec.usesTaskDependencies,
    constraints: spec.constraints,
    commonEnvironmentSettings: spec.commonEnvironmentSettings,
    poolInfo: spec.poolInfo,
    metadata: spec.metadata,
    executionInfo: {
      startTime: record.startTime,
      endTime: record.endTime,
      poolId: spec.poolInfo.poolId,
      terminateReason: record.terminateReason,
    },
    onAllTasksComplete: spec.onAllTasksComplete,
    onTaskFailure: spec.onTaskFailure,
    ...(withStats && {
      stats: {
        ...noUsage(`${url}/lifetimejobstats`, record.startTime, record.endTime),
        numSucceededTasks: String(job.counts.succeeded),
        numFailedTasks: String(job.counts.failed),
        numTaskRetries: "0",
      },
    }),
  };
}

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
