import { LOOPBACK } from "../../../kit/loopback.ts";
import { slotsInUse } from "../../model/entities.ts";
import type { Node, Pool } from "../../model/entities.ts";

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
    endpointConfiguration: { inboundEndpoints: inboundEndpoints(pool, record.ipAddress) },
    // Before the node has booted there is no agent.
    ...(record.lastBootTime !== undefined && {
      nodeAgentInfo: { version: NODE_AGENT_VERSION, lastUpdateTime: record.lastBootTime },
    }),
    virtualMachineInfo: {
      imageReference: "sku" in image ? { ...image, exactVersion: "24.04.202601010" } : image,
    },
  };
}

/** Behind the one public address, each node of a pool has its own ports and rules: one per NAT pool, and one for SSH. */
function inboundEndpoints({ record: { spec } }: Pool, ipAddress: string): object[] {
  const [third = 0, fourth = 0] = ipAddress.split(".").slice(2).map(Number);
  const index = third * 256 + fourth - FIRST_ADDRESS;
  const endpoint = (name: string, protocol: string, frontendPort: number, backendPort: number): object => ({
    name: `${name}.${index}`,
    protocol,
    publicIPAddress: LOOPBACK,
    publicFQDN: "localhost",
    frontendPort,
    backendPort,
  });
  const natPools = spec.networkConfiguration?.endpointConfiguration?.inboundNATPools ?? [];
  return [
    ...natPools.map((nat) => endpoint(nat.name, nat.protocol, nat.frontendPortRangeStart + index, nat.backendPort)),
    endpoint("SSHRule", "tcp", FIRST_SSH_PORT + index, 22),
  ];
}
