import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";

/** Undefined when there is no such instance: the client throws then, and only its message tells. */
export async function findInstance(client: DurableClient, id: string): Promise<DurableOrchestrationStatus | undefined> {
  try {
    return await client.getStatus(id);
  } catch (error) {
    if (error instanceof Error && error.message.includes("HTTP 404")) return undefined;
    throw error;
  }
}
