import { poolIdOf } from "../../model/entities.ts";
import type { Job } from "../../model/entities.ts";
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
    jobManagerTask: spec.jobManagerTask,
    jobPreparationTask: spec.jobPreparationTask,
    jobReleaseTask: spec.jobReleaseTask,
    commonEnvironmentSettings: spec.commonEnvironmentSettings,
    poolInfo: spec.poolInfo,
    metadata: spec.metadata,
    executionInfo: {
      startTime: record.startTime,
      endTime: record.endTime,
      poolId: poolIdOf(job),
      schedulingError: record.schedulingError,
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
