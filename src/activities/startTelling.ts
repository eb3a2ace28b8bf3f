import type { DurableClient } from "durable-functions";
import type { Channel, ConversionRecord } from "../model/conversion.ts";
import type { TellingInput } from "../model/telling.ts";
import { TELL_END, tellingIdOf } from "../model/telling.ts";
import type { Services } from "../services.ts";

export interface StartTellingInput {
  readonly record: ConversionRecord;
}

/** Whether anybody wants to be told of the ends of conversions. */
export function isAnybodyTold({ messengers }: Services): boolean {
  return Object.keys(messengers).length > 0;
}

/**
 * Has this end told, by an orchestration of its own: whoever is told may be away for a day, and the conversion has ended.
 * Doing it again changes nothing.
 */
export async function startTelling(
  { messengers }: Services,
  client: DurableClient,
  { record }: StartTellingInput,
): Promise<void> {
  const channels = Object.keys(messengers) as Channel[];
  if (channels.length === 0) return;
  const instanceId = tellingIdOf(record);
  if (await isKnown(client, instanceId)) return;
  const input: TellingInput = { record, channels };
  try {
    await client.startNew(TELL_END, { instanceId, input });
  } catch (error) {
    // Somebody else may have done it at the same moment.
    if (!(await isKnown(client, instanceId))) throw error;
  }
}

/** For an instance that is not there, the client throws an error that only its message tells apart. */
async function isKnown(client: DurableClient, instanceId: string): Promise<boolean> {
  try {
    await client.getStatus(instanceId);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("HTTP 404")) return false;
    throw error;
  }
}
