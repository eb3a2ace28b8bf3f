import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { CANCEL_EVENT } from "../model/conversion.ts";
import { isOfOtherVersion } from "../orchestrations/contract.ts";
import type { Services } from "../services.ts";
import { handOver } from "./handover.ts";
import { isLeftBehind } from "./runtimeStates.ts";

/**
 * Asks a running conversion to end its task and to leave a record that says so. One that another version of the app has
 * begun would end before it saw that, so it is terminated instead, and the next sweep does the rest.
 */
export async function cancel(
  services: Services,
  client: DurableClient,
  instance: DurableOrchestrationStatus,
): Promise<void> {
  const { instanceId } = instance;
  if (isLeftBehind(instance)) await handOver(services, client, instance);
  else if (isOfOtherVersion(instance)) return client.terminate(instanceId, "cancelled");
  await client.raiseEvent(instanceId, CANCEL_EVENT, {});
}
