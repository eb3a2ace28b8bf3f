import type { DurableOrchestrationStatus } from "durable-functions";
import type { ConversionView } from "../model/conversion.ts";
import type { ConversionResult } from "../orchestrations/stage.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import { hasDied, isCompleted, isLeftBehind, wasTerminated } from "./runtimeStates.ts";

/** Until the next sweep. */
const LEFT_BEHIND = "the app was upgraded, and will go on with it in a moment";

/** What an instance of the orchestration tells the user of a conversion. */
export function viewOf(id: string, instance: DurableOrchestrationStatus): ConversionView {
  const { input, attempt, progress, result } = contentsOf(instance);
  const status = statusOf(instance, result);
  return {
    id,
    status,
    phase: status === "running" ? (progress?.phase ?? "preparing") : "finished",
    percent: progress?.percent ?? null,
    waitReason: isLeftBehind(instance) ? LEFT_BEHIND : (progress?.waitReason ?? null),
    waitingSince: progress?.waitingSince ?? null,
    workload: input.workload,
    input: input.source,
    attempt,
    createdAt: instance.createdTime.toISOString(),
    updatedAt: instance.lastUpdatedTime.toISOString(),
    record: isCompleted(instance) ? (result?.record ?? null) : null,
  };
}

function statusOf(instance: DurableOrchestrationStatus, result: ConversionResult | null): ConversionView["status"] {
  if (isCompleted(instance)) return result?.outcome ?? "failed";
  if (hasDied(instance)) return isLeftBehind(instance) ? "running" : "failed";
  return wasTerminated(instance) ? "cancelled" : "running";
}
