import type { DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { contentsOf, isOfOtherVersion } from "../orchestrations/contract.ts";
import { WORKLOADS } from "../workloads/index.ts";

const { Canceled, Completed, Failed, Terminated } = OrchestrationRuntimeStatus;

type Instance = Pick<DurableOrchestrationStatus, "runtimeStatus">;

/** An instance in one of these does nothing more of its own accord. */
export const ENDED_STATES = [Completed, Failed, Terminated, Canceled];

export function isLive({ runtimeStatus }: Instance): boolean {
  return !ENDED_STATES.includes(runtimeStatus);
}

/** It came to its end, whatever the outcome: a conversion that fails completes its orchestration too. */
export function isCompleted({ runtimeStatus }: Instance): boolean {
  return runtimeStatus === Completed;
}

/** It threw, which no conversion should. */
export function hasDied({ runtimeStatus }: Instance): boolean {
  return runtimeStatus === Failed;
}

/**
 * Its orchestration has ended because another version of the app had begun it. The conversion has not: this version goes on
 * with it, unless it no longer has its workload.
 */
export function isLeftBehind(instance: DurableOrchestrationStatus): boolean {
  if (!hasDied(instance) || !isOfOtherVersion(instance)) return false;
  const { workload } = contentsOf(instance).input;
  return WORKLOADS.some(({ name }) => name === workload);
}

/** An operator ended it from outside. */
export function wasTerminated({ runtimeStatus }: Instance): boolean {
  return runtimeStatus === Terminated || runtimeStatus === Canceled;
}
