import type { Pool } from "../../model/entities.ts";

/** In the service's order. */
export function poolView(baseUrl: string, pool: Pool, withStats = false): object {
  const { record } = pool;
  const { spec } = record;
  const url = `${baseUrl}/pools/${record.id}`;
  const dedicated = [...pool.nodes.values()].filter((node) => node.record.isDedicated).length;
  return {
    id: record.id,
    displayName: spec.displayName,
    url,
    eTag: record.eTag,
    lastModified: record.lastModified,
    creationTime: record.creationTime,
    state: record.state,
    stateTransitionTime: record.stateTransitionTime,
    allocationState: record.allocationState,
    allocationStateTransitionTime: record.allocationStateTransitionTime,
    vmSize: spec.vmSize,
    resizeTimeout: record.resizeTimeout,
    ...(record.allocationState === "steady" && record.resizeErrors.length > 0 && { resizeErrors: record.resizeErrors }),
    currentDedicatedNodes: dedicated,
    targetDedicatedNodes: record.targetDedicatedNodes,
    currentLowPriorityNodes: pool.nodes.size - dedicated,
    targetLowPriorityNodes: record.targetLowPriorityNodes,
    enableAutoScale: record.enableAutoScale,
    autoScaleFormula: record.autoScaleFormula,
    autoScaleEvaluationInterval: record.autoScaleEvaluationInterval,
    autoScaleRun: record.autoScaleRun,
    enableInterNodeCommunication: spec.enableInterNodeCommunication,
    networkConfiguration: spec.networkConfiguration,
    startTask: spec.startTask,
    userAccounts: spec.userAccounts?.map(withoutSecrets),
    metadata: spec.metadata,
    taskSlotsPerNode: spec.taskSlotsPerNode,
    taskSchedulingPolicy: spec.taskSchedulingPolicy,
    virtualMachineConfiguration: spec.virtualMachineConfiguration,
    targetNodeCommunicationMode: spec.targetNodeCommunicationMode,
    ...(spec.targetNodeCommunicationMode !== undefined && { currentNodeCommunicationMode: "simplified" }),
    ...(withStats && {
      stats: { url: `${url}/lifetimepoolstats`, startTime: record.creationTime, lastUpdateTime: record.creationTime },
    }),
  };
}

/** Passwords and keys of user accounts are never given back. */
function withoutSecrets(account: object): object {
  return Object.fromEntries(Object.entries(account).filter(([name]) => name === "name" || name === "elevationLevel"));
}
