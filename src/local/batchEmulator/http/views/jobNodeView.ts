import type { JobNode } from "../../model/entities.ts";
import { taskRoot } from "../../model/nodeFolders.ts";
import type { NodeTaskInfo } from "../../model/records.ts";

type Shown = Omit<NodeTaskInfo, "retryCount">;

/** What a job's preparation and release have come to on a node. */
export function jobNodeView(baseUrl: string, { record, job }: JobNode): object {
  const { poolId, nodeId, preparation, release } = record;
  const { id, spec } = job.record;
  const nodeUrl = `${baseUrl}/pools/${poolId}/nodes/${nodeId}`;
  const withRoot = ({ state, startTime, endTime, ...rest }: Shown, taskId = ""): object => {
    const root = taskRoot(id, taskId);
    return {
      startTime,
      endTime,
      state,
      taskRootDirectory: root,
      taskRootDirectoryUrl: `${nodeUrl}/files/${root}`,
      ...rest,
    };
  };
  return {
    poolId,
    nodeId,
    nodeUrl,
    jobPreparationTaskExecutionInfo: withRoot(preparation, spec.jobPreparationTask?.id),
    ...(release !== undefined && {
      jobReleaseTaskExecutionInfo: withRoot(withoutRetries(release), spec.jobReleaseTask?.id),
    }),
  };
}

/** A release is tried once. */
function withoutRetries({ retryCount: _count, ...info }: NodeTaskInfo): Shown {
  return info;
}
