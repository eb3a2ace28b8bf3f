import type { DurableClient } from "durable-functions";
import { TASK_ENDED_EVENT } from "../model/conversion.ts";
import { inTime } from "../durableClient.ts";

const EVENT_BOUND_MS = 30_000;

/**
 * Tells a conversion that a task of it has ended. One that is gone need not know; nor need one that has ended, about
 * which the client says nothing.
 */
export async function wakeConversion(client: DurableClient, id: string): Promise<"gone" | "told"> {
  try {
    await inTime(`told instance ${id}`, EVENT_BOUND_MS, client.raiseEvent(id, TASK_ENDED_EVENT, {}));
    return "told";
  } catch (error) {
    if (error instanceof Error && error.message.startsWith("No instance with ID")) return "gone";
    throw error;
  }
}
