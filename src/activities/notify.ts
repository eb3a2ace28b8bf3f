import type { Channel, ConversionRecord } from "../model/conversion.ts";
import { eventOf } from "../model/conversionEvent.ts";
import type { Services, Undelivered } from "../services.ts";

export interface NotifyInput {
  readonly record: ConversionRecord;
  readonly channels: readonly Channel[];
}

export interface NotifyOutput {
  /** Those that were not told. */
  readonly failed: readonly ({ readonly channel: Channel } & Undelivered)[];
}

/** Tells of the end of a conversion, once, all at the same time. One that has been switched off meanwhile counts as told. */
export async function notify(
  { blobs, messengers }: Services,
  { record, channels }: NotifyInput,
): Promise<NotifyOutput> {
  const event = eventOf(record, blobs.containerUrl(record.input.container));
  const outcomes = await Promise.all(
    channels.map(async (channel) => ({ channel, delivery: await messengers[channel]?.send(event) })),
  );
  const failed = outcomes.flatMap(({ channel, delivery = { status: "taken" } }) =>
    delivery.status === "taken" ? [] : [{ channel, ...delivery }],
  );
  return { failed };
}
