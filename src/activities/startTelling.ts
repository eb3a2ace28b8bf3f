import type { DurableClient } from "durable-functions";
import { findInstance, startInstance } from "../durableClient.ts";
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
  if ((await findInstance(client, instanceId)) !== undefined) return;
  const input: TellingInput = { record, channels };
  await startInstance(client, TELL_END, { instanceId, input }, () => true);
}
