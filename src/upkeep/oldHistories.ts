import type { DurableClient } from "durable-functions";
import { isAnybodyTold } from "../activities/startTelling.ts";
import { tellingIdFor } from "../model/telling.ts";
import { DECISIONS_FOLDER, decisionBlob } from "../results/decision.ts";
import { METADATA } from "../results/targets.ts";
import type { Services } from "../services.ts";
import { idPlaces } from "./idPlaces.ts";
import { findInstance, inTime } from "../durableClient.ts";
import type { Removal } from "./removal.ts";
import { ENDED_STATES, isLive } from "./runtimeStates.ts";

const PURGE_BOUND_MS = 30_000;
const LISTING_BOUND_MS = 45_000;

/**
 * Removes the decisions that are old, with the histories of their conversions, if these have ended before the given time.
 * Nearly every conversion has left one, so most old histories are found without asking Durable, which would look through
 * all there are.
 */
export async function removeDecided(
  services: Services,
  client: DurableClient,
  endedBefore: Date,
  firstPlace: number,
  removal: Removal,
): Promise<void> {
  const { application } = services.config.containers;
  for (const place of idPlaces(firstPlace)) {
    for await (const { blobs } of services.blobs.list(application, { prefix: `${DECISIONS_FOLDER}${place}` })) {
      const old = blobs.filter(({ lastModified }) => lastModified < endedBefore);
      const attempts = new Map(old.map(({ name, metadata }) => [idOf(name), metadata[METADATA.attempt]]));
      const purged = await removal.each([...attempts.keys()], nameOf, async (id) => {
        const instance = await findInstance(client, id);
        // It may have been run again since it was decided.
        if (instance !== undefined && (isLive(instance) || instance.lastUpdatedTime >= endedBefore)) return 0;
        const attempt = attempts.get(id);
        if (isAnybodyTold(services) && attempt !== undefined) {
          await purge(client, tellingIdFor(`${id}-${attempt}`));
        }
        return forget(services, client, id);
      });
      removal.count += purged.reduce((sum, count) => sum + count, 0);
      if (!removal.hasTime) return;
    }
  }
}

/**
 * Removes what is left of histories that ended before the given time: those of conversions that were superseded, or died.
 * Only the creation of an instance can be asked for, so it is asked for those that were created, and takes of them those
 * that also ended before. Each is purged on its own: a purge of many in one request runs into its time limit.
 * https://github.com/Azure/azure-functions-durable-extension/issues/1145
 */
export async function removeOtherHistories(
  services: Services,
  client: DurableClient,
  endedBefore: Date,
  removal: Removal,
): Promise<void> {
  if (!removal.hasTime) return;
  const listing = client.getStatusBy({ createdTimeTo: endedBefore, runtimeStatus: ENDED_STATES });
  const created = await inTime("listed the old histories", LISTING_BOUND_MS, listing);
  // The client leaves the times of a list as texts.
  const ended = created.filter(({ lastUpdatedTime }) => new Date(lastUpdatedTime) < endedBefore);
  const ids = ended.map(({ instanceId }) => instanceId);
  const purged = await removal.each(ids, nameOf, (id) => forget(services, client, id));
  removal.count += purged.reduce((sum, count) => sum + count, 0);
}

function idOf(decisionName: string): string {
  return decisionName.slice(DECISIONS_FOLDER.length, -".json".length);
}

function nameOf(id: string): string {
  return `history ${id}`;
}

/** The decision goes last: as long as it is there, the history is found. Returns how many histories there were: 0 or 1. */
async function forget(services: Services, client: DurableClient, id: string): Promise<number> {
  const histories = await purge(client, id);
  await services.blobs.delete(decisionBlob(services, id));
  return histories;
}

async function purge(client: DurableClient, id: string): Promise<number> {
  const { instancesDeleted } = await inTime(`purged ${id}`, PURGE_BOUND_MS, client.purgeInstanceHistory(id));
  return instancesDeleted;
}
