import type { DurableClient } from "durable-functions";
import { findInstance } from "../durableClient.ts";
import { parseTime } from "../model/time.ts";
import { INDEX_FOLDER, addressOf, keyOf, readEntry } from "../results/conversionIndex.ts";
import type { ListedBlob, Services } from "../services.ts";
import type { Removal } from "./removal.ts";
import { isLive } from "./runtimeStates.ts";

/**
 * Removes what the index says of conversions that ended before the given time, together with their histories. One that was
 * never seen to end is asked for.
 */
export async function removeOldEntries(
  services: Services,
  client: DurableClient,
  endedBefore: Date,
  removal: Removal,
): Promise<void> {
  const { application } = services.config.containers;
  const isOld = (time: string): boolean => parseTime(time) < endedBefore;
  for await (const { blobs } of services.blobs.list(application, { prefix: INDEX_FOLDER })) {
    const startedLongAgo = blobs.filter(({ name }) => isOld(keyOf(name)?.startedAt ?? ""));
    const removable = await removal.each(startedLongAgo, nameOf, async (blob) => {
      const entry = readEntry(blob);
      if (entry?.endedAt) return isOld(entry.endedAt) ? [blob] : [];
      const instance = entry && (await findInstance(client, entry.id));
      return instance !== undefined && isLive(instance) ? [] : [blob];
    });
    await removal.remove(removable.flat(), nameOf, ({ name, eTag }) =>
      services.blobs.delete(addressOf(services, name), { eTag }),
    );
    if (!removal.hasTime) return;
  }
}

function nameOf({ name }: ListedBlob): string {
  return `entry ${name}`;
}
