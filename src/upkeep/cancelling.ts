import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import type { RecordFailureOutput } from "../activities/recordFailure.ts";
import { recordFailure } from "../activities/recordFailure.ts";
import { CANCEL_EVENT } from "../model/conversion.ts";
import { failureOf } from "../model/failures.ts";
import { contentsOf, isOfOtherVersion } from "../orchestrations/contract.ts";
import type { Services } from "../services.ts";
import { endAll, findTasksOf, handOver } from "./handover.ts";
import { isLeftBehind } from "./runtimeStates.ts";

/**
 * Cancels a running conversion: it is asked to end its task and to leave a record that says so. One that another version
 * of the app has begun would end before it heard that, so here it is done for it.
 */
export async function cancel(
  services: Services,
  client: DurableClient,
  instance: DurableOrchestrationStatus,
): Promise<void> {
  if (isOfOtherVersion(instance)) {
    const { attempt, task, others } = await findTasksOf(services, instance);
    await endAll(services, [...task, ...others]);
    await recordCancelled(services, instance, attempt);
    if (isLeftBehind(instance)) return handOver(services, client, instance);
  }
  await client.raiseEvent(instance.instanceId, CANCEL_EVENT, {});
}

/** Leaves the record of a conversion whose orchestration cannot. To come after the end of its tasks: it says that all is done. */
export function recordCancelled(
  services: Services,
  instance: DurableOrchestrationStatus,
  attempt: number,
  message?: string,
): Promise<RecordFailureOutput> {
  const { input, progress } = contentsOf(instance);
  return recordFailure(services, {
    conversionId: instance.instanceId,
    workload: input.workload,
    source: input.source,
    attempt,
    startedAt: input.startedAt ?? instance.createdTime.toISOString(),
    submission: progress?.submission ?? null,
    completed: null,
    failure: failureOf("Cancelled", message),
  });
}
