import type { DurableOrchestrationStatus } from "durable-functions";
import type { ConversionView } from "../../model/conversion.ts";
import type { ConversionInput, ConversionResult } from "../../orchestrations/contract.ts";
import { hasDied, isCompleted, wasTerminated } from "../../upkeep/runtimeStates.ts";
import type { ConversionProgress } from "../../orchestrations/status.ts";

/** What the instance of a conversion tells the user. */
export function viewOf(id: string, instance: DurableOrchestrationStatus): ConversionView {
  const { workload, source } = instance.input as ConversionInput;
  const progress = instance.customStatus as ConversionProgress | null;
  const result = instance.output as ConversionResult | null;
  const status = statusOf(instance, result);
  return {
    id,
    status,
    phase: status === "running" ? (progress?.phase ?? "preparing") : "finished",
    percent: progress?.percent ?? null,
    waitReason: progress?.waitReason ?? null,
    workload,
    input: source,
    attempt: progress?.attempt ?? 1,
    createdAt: instance.createdTime.toISOString(),
    updatedAt: instance.lastUpdatedTime.toISOString(),
    record: isCompleted(instance) ? (result?.record ?? null) : null,
  };
}

function statusOf(instance: DurableOrchestrationStatus, result: ConversionResult | null): ConversionView["status"] {
  if (isCompleted(instance)) return result?.outcome ?? "failed";
  if (hasDied(instance)) return "failed";
  return wasTerminated(instance) ? "cancelled" : "running";
}
