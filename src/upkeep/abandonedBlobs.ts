import type { DurableClient } from "durable-functions";
import { findInstance } from "../durableClient.ts";
import type { Services } from "../services.ts";
import { idPlaces } from "./idPlaces.ts";
import type { Removal } from "./removal.ts";
import { isLive } from "./runtimeStates.ts";

const CONVERSION_ID = /^[0-9a-f]{32}$/;

/**
 * Removes blobs of the staging container that were written before the given time, except those of conversions that are
 * still live: a conversion may wait and work for any time. Its id is the folder that its blobs are in, and each is asked
 * for once a page.
 */
export async function removeAbandonedBlobs(
  { blobs, config }: Services,
  client: DurableClient,
  before: Date,
  firstPlace: number,
  removal: Removal,
): Promise<void> {
  const { staging } = config.containers;
  // At the end what a task has put beside its folder.
  for (const prefix of [...idPlaces(firstPlace), ""]) {
    for await (const page of blobs.list(staging, { prefix })) {
      const old = page.blobs.filter(({ name, lastModified }) => {
        const isOfThisTurn = prefix !== "" || !/^[0-9a-f]/.test(name);
        return isOfThisTurn && lastModified < before;
      });
      const owners = [...new Set(old.map(({ name }) => ownerOf(name)))];
      const abandoning = await removal.each(owners, String, async (owner) => ({
        owner,
        isAbandoned: !(await isAtWork(client, owner)),
      }));
      const abandoned = new Set(abandoning.filter(({ isAbandoned }) => isAbandoned).map(({ owner }) => owner));
      const names = old.map(({ name }) => name).filter((name) => abandoned.has(ownerOf(name)));
      await removal.remove(names, String, (name) => blobs.delete({ container: staging, name }));
      if (!removal.hasTime) return;
    }
  }
}

function ownerOf(name: string): string {
  return name.split("/", 1)[0] ?? "";
}

async function isAtWork(client: DurableClient, owner: string): Promise<boolean> {
  if (!CONVERSION_ID.test(owner)) return false;
  const instance = await findInstance(client, owner);
  return instance !== undefined && isLive(instance);
}
