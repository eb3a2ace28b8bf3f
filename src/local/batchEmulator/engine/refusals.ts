import type { Job, JobSchedule, Node, Pool } from "../model/entities.ts";
import type { NodeState } from "../model/records.ts";
import { ServiceError } from "../serviceError.ts";
import type { ServiceErrorCode } from "../serviceError.ts";

export function refuseWhenDeleting(pool: Pool): void {
  if (pool.record.state === "deleting") throw new ServiceError("PoolBeingDeleted");
}

export function refuseWhenResizing(pool: Pool): void {
  if (pool.record.allocationState !== "steady") throw new ServiceError("PoolBeingResized");
}

export function refuseWhenEnding(job: Job): void {
  const { state } = job.record;
  if (state === "deleting") throw new ServiceError("JobBeingDeleted");
  if (state === "completed") throw new ServiceError("JobCompleted");
  if (state === "terminating") throw new ServiceError("JobBeingTerminated");
}

export function refuseWhenScheduleIsEnding({ record: { state } }: JobSchedule): void {
  if (state === "deleting") throw new ServiceError("JobScheduleBeingDeleted");
  if (state === "completed") throw new ServiceError("JobScheduleCompleted");
  if (state === "terminating") throw new ServiceError("JobScheduleBeingTerminated");
}

const NOT_RESTARTABLE: Partial<Record<NodeState, ServiceErrorCode>> = {
  creating: "NodeBeingCreated",
  starting: "NodeBeingStarted",
  rebooting: "NodeBeingRebooted",
  reimaging: "NodeBeingReimaged",
  leavingpool: "OperationNotValidOnNode",
  deallocating: "OperationNotValidOnNode",
  deallocated: "OperationNotValidOnNode",
  preempted: "OperationNotValidOnNode",
};

export function refuseUnlessRestartable(node: Node): void {
  const code = NOT_RESTARTABLE[node.record.state];
  if (code !== undefined) throw new ServiceError(code);
}
