import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import type { ConversionInput } from "../orchestrations/convertVideo.ts";
import { CONVERT_VIDEO } from "../orchestrations/convertVideo.ts";

/** Undefined when there is no such instance: the client throws then, and only its message tells. */
export async function findInstance(client: DurableClient, id: string): Promise<DurableOrchestrationStatus | undefined> {
  try {
    return await client.getStatus(id);
  } catch (error) {
    if (error instanceof Error && error.message.includes("HTTP 404")) return undefined;
    throw error;
  }
}

/**
 * Starts the instance. When somebody else does so at the same moment, only one start succeeds, and the other finds a
 * live instance and is content.
 */
export async function startConversion(
  client: DurableClient,
  instanceId: string,
  input: ConversionInput,
): Promise<void> {
  try {
    await client.startNew(CONVERT_VIDEO, { instanceId, input });
  } catch (error) {
    const found = await findInstance(client, instanceId);
    if (found === undefined || !isLive(found)) throw error;
  }
}

function isLive({ runtimeStatus }: DurableOrchestrationStatus): boolean {
  const { Pending, Running, ContinuedAsNew, Suspended } = OrchestrationRuntimeStatus;
  return [Pending, Running, ContinuedAsNew, Suspended].includes(runtimeStatus);
}
