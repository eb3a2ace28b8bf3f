import type { DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import type { ConversionView } from "../../model/conversion.ts";
import type { ConversionInput, ConversionResult } from "../../orchestrations/convertVideo.ts";
import type { ConversionProgress } from "../../orchestrations/status.ts";

/** What the instance of a conversion tells the user. */
export function viewOf(id: string, instance: DurableOrchestrationStatus): ConversionView {
  const { source } = instance.input as ConversionInput;
  const progress = instance.customStatus as ConversionProgress | null;
  const result = instance.output as ConversionResult | null;
  const status = statusOf(instance.runtimeStatus, result);
  return {
    id,
    status,
    phase: status === "running" ? (progress?.phase ?? "preparing") : "finished",
    percent: progress?.percent ?? null,
    waitReason: progress?.waitReason ?? null,
    input: source,
    attempt: progress?.attempt ?? 1,
    createdAt: instance.createdTime.toISOString(),
    updatedAt: instance.lastUpdatedTime.toISOString(),
    record: instance.runtimeStatus === OrchestrationRuntimeStatus.Completed ? (result?.record ?? null) : null,
  };
}

function statusOf(state: OrchestrationRuntimeStatus, result: ConversionResult | null): ConversionView["status"] {
  const { Completed, Failed, Terminated, Canceled } = OrchestrationRuntimeStatus;
  if (state === Completed) return result?.outcome ?? "failed";
  if (state === Failed) return "failed";
  return state === Terminated || state === Canceled ? "cancelled" : "running";
}
