import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import type { ConversionView } from "../model/conversion.ts";
import { ServiceError } from "../model/errors.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { Services } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { endTasks } from "./endTasks.ts";
import { patienceSecondsOf, startConversion } from "./instances.ts";
import { isCompleted } from "./runtimeStates.ts";

/** Why a conversion was not run again. */
export interface RetryRefusal {
  readonly code: "ConversionNotFailed" | "UnknownWorkload" | "BatchUnavailable";
  readonly detail: string;
}

/** Runs a failed or cancelled conversion again, as new attempts under the same id. Undefined when it was started. */
export async function retry(
  services: Services,
  client: DurableClient,
  view: ConversionView,
  instance: DurableOrchestrationStatus,
): Promise<RetryRefusal | undefined> {
  if (view.status !== "failed" && view.status !== "cancelled") {
    const what = view.status === "running" ? "it is running" : `it has ended as ${view.status}`;
    return { code: "ConversionNotFailed", detail: `Conversion ${view.id} cannot be retried: ${what}` };
  }
  if (!WORKLOADS.some(({ name }) => name === view.workload)) {
    const detail = `Conversion ${view.id} is of workload "${view.workload}", which this app does not have`;
    return { code: "UnknownWorkload", detail };
  }
  // Two tasks of one conversion must not run side by side. An orchestration that has completed has seen to that.
  if (!isCompleted(instance)) {
    try {
      await endTasks(services, instance);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      const detail = `The task of the run before cannot be ended, so nothing was started. Try again. ${error.message}`;
      return { code: "BatchUnavailable", detail };
    }
  }
  const startedAt = view.record?.times.startedAt ?? contentsOf(instance).input.startedAt ?? view.createdAt;
  await startConversion(services, client, view.id, {
    workload: view.workload,
    source: view.input,
    firstAttempt: view.attempt + 1,
    patienceSeconds: patienceSecondsOf(services),
    startedAt,
  });
  return undefined;
}
