import { LOOPBACK } from "../../../kit/loopback.ts";
import { slotsInUse } from "../../model/entities.ts";
import type { Node } from "../../model/entities.ts";

const NODE_AGENT_VERSION = "1.12.2";
const FIRST_SSH_PORT = 50_000;
/** Azure keeps the first four addresses of a subnet for itself. */
const FIRST_ADDRESS = 4;

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
    // Before the node has booted there is no agent.
    ...(record.lastBootTime !== undefined && {
      nodeAgentInfo: { version: NODE_AGENT_VERSION, lastUpdateTime: record.lastBootTime },
    }),
    virtualMachineInfo: {
      imageReference: "publisher" in image ? { ...image, exactVersion: "24.04.202601010" } : image,
    },
  };
}

/** Behind the one public address, each node of a pool has its own port and rule. */
function sshEndpoint(ipAddress: string): object {
  const [third = 0, fourth = 0] = ipAddress.split(".").slice(2).map(Number);
  const index = third * 256 + fourth - FIRST_ADDRESS;
  return {
    name: `SSHRule.${index}`,
    protocol: "tcp",
    publicIPAddress: LOOPBACK,
    publicFQDN: "localhost",
    frontendPort: FIRST_SSH_PORT + index,
    backendPort: 22,
  };
}
