import { createHash } from "node:crypto";
import type { Pool } from "../../model/entities.ts";

/** In the service's order. */
export function poolView(baseUrl: string, pool: Pool, identities: readonly string[], withStats = false): object {
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
    userAccounts: spec.userAccounts,
    ...(spec.metadata !== undefined && spec.metadata.length > 0 && { metadata: spec.metadata }),
    taskSlotsPerNode: spec.taskSlotsPerNode,
    taskSchedulingPolicy: spec.taskSchedulingPolicy,
    virtualMachineConfiguration: spec.virtualMachineConfiguration,
    applicationLicenses: spec.applicationLicenses,
    certificateReferences: record.wasReset === true ? [] : undefined,
    resourceTags: spec.resourceTags,
    upgradePolicy: spec.upgradePolicy,
    targetNodeCommunicationMode: spec.targetNodeCommunicationMode,
    // It is the nodes that communicate.
    ...(spec.targetNodeCommunicationMode !== undefined &&
      pool.nodes.size > 0 && { currentNodeCommunicationMode: "simplified" }),
    ...(identities.length > 0 && {
      identity: { type: "UserAssigned", userAssignedIdentities: identities.map(identityView) },
    }),
    ...(withStats && {
      stats: { url: `${url}/lifetimepoolstats`, startTime: record.creationTime, lastUpdateTime: record.creationTime },
    }),
  };
}

/** The two ids come from Entra ID, which is not there: they are made of the resource's own, so that they stay the same. */
function identityView(resourceId: string): object {
  return { resourceId, clientId: guidOf(`client ${resourceId}`), principalId: guidOf(`principal ${resourceId}`) };
}

function guidOf(text: string): string {
  const hash = createHash("sha256").update(text.toLowerCase()).digest("hex");
  return hash.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
}
