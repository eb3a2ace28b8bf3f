import { slotsInUse } from "../../model/entities.ts";
import type { Node, Pool } from "../../model/entities.ts";
import type { NodeState } from "../../model/records.ts";

const NODE_AGENT_VERSION = "1.12.2";
const FIRST_SSH_PORT = 50_000;
/** The first address in a subnet that Azure gives to a machine ends in 4. */
const FIRST_ADDRESS = 4;

/** In the order in which the service writes it. */
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

export function nodeView(baseUrl: string, { record, pool, runs }: Node): object {
  const { spec } = pool.record;
  const image = spec.virtualMachineConfiguration.imageReference;
  return {
    id: record.id,
    url: `${baseUrl}/pools/${pool.record.id}/nodes/${record.id}`,
    state: record.state,
    schedulingState: record.schedulingState,
    stateTransitionTime: record.stateTransitionTime,
    lastBootTime: record.lastBootTime,
    allocationTime: record.allocationTime,
    ipAddress: record.ipAddress,
    affinityId: `TVM:${record.id}`,
    vmSize: spec.vmSize,
    totalTasksRun: record.totalTasksRun,
    totalTasksSucceeded: record.totalTasksSucceeded,
    runningTasksCount: runs.size,
    runningTaskSlotsCount: slotsInUse({ runs }),
    startTask: spec.startTask,
    startTaskInfo: record.startTaskInfo,
    ...(record.errors.length > 0 && { errors: record.errors }),
    isDedicated: record.isDedicated,
    endpointConfiguration: { inboundEndpoints: [sshEndpoint(record.ipAddress)] },
    // There is no agent before the node has booted.
    ...(record.lastBootTime !== undefined && {
      nodeAgentInfo: { version: NODE_AGENT_VERSION, lastUpdateTime: record.lastBootTime },
    }),
    virtualMachineInfo: {
      imageReference: "publisher" in image ? { ...image, exactVersion: "24.04.202601010" } : image,
    },
  };
}

/** Every node of a pool has its own port and rule behind the one public address. */
function sshEndpoint(ipAddress: string): object {
  const [third = 0, fourth = 0] = ipAddress.split(".").slice(2).map(Number);
  const index = third * 256 + fourth - FIRST_ADDRESS;
  return {
    name: `SSHRule.${index}`,
    protocol: "tcp",
    publicIPAddress: "127.0.0.1",
    publicFQDN: "localhost",
    frontendPort: FIRST_SSH_PORT + index,
    backendPort: 22,
  };
}

const COUNTED: Readonly<Record<NodeState, string>> = {
  creating: "creating",
  idle: "idle",
  leavingpool: "leavingPool",
  offline: "offline",
  preempted: "preempted",
  rebooting: "rebooting",
  reimaging: "reimaging",
  running: "running",
  starting: "starting",
  starttaskfailed: "startTaskFailed",
  unknown: "unknown",
  unusable: "unusable",
  waitingforstarttask: "waitingForStartTask",
};

export function nodeCountsView(pool: Pool): object {
  const count = (isDedicated: boolean): Record<string, number> => {
    const counts = Object.fromEntries(Object.values(COUNTED).map((name) => [name, 0]));
    const nodes = [...pool.nodes.values()].filter(({ record }) => record.isDedicated === isDedicated);
    for (const { record } of nodes) counts[COUNTED[record.state]] = (counts[COUNTED[record.state]] ?? 0) + 1;
    return { ...counts, total: nodes.length };
  };
  return { poolId: pool.record.id, dedicated: count(true), lowPriority: count(false) };
}
