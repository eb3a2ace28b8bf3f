import type { DurableClient } from "durable-functions";
import { addSeconds } from "../model/time.ts";
import { DECISIONS_FOLDER } from "../results/decision.ts";
import type { BlobAddress, Services } from "../services.ts";
import { longestRunSeconds } from "./longestRun.ts";
import { ENDED_STATES } from "./runtimeStates.ts";
import { tryEach } from "./tryEach.ts";

interface CleanUpResult {
  readonly histories: number;
  readonly tasks: number;
  readonly stagedBlobs: number;
  /** Why some staged blobs are still there; the next clean-up tries again. */
  readonly problems: readonly string[];
}

interface Removed {
  readonly count: number;
  readonly problems: readonly string[];
}

const AT_ONCE = 32;

const DAY_SECONDS = 24 * 3600;
/** Purging is asked for a day at a time, because a large purge would run into the time limit of a request. */
const PURGED_DAYS = 14;
/** There is little before those days: what was left while no clean-up ran, or the retention time was longer. */
const EPOCH = new Date(0);

/**
 * Removes what finished conversions have left behind for longer than the retention time. Results, records and logs in
 * the output container belong to the user and stay.
 */
export async function cleanUp(services: Services, client: DurableClient): Promise<CleanUpResult> {
  const { config, batch, now } = services;
  const before = addSeconds(now(), -config.retentionDays * DAY_SECONDS);
  const histories = await purgeHistories(client, addSeconds(before, -longestRunSeconds(config)));
  const tasks = await batch.deleteOldTasks(before);
  const { count: stagedBlobs, problems } = await deleteAbandonedBlobs(services);
  return { histories, tasks, stagedBlobs, problems };
}

/**
 * Only the creation of an instance can be asked for. One that was created so long ago has ended before the retention time
 * began, so it does not go before its tasks: a conversion that nobody remembers would count its attempts from 1, and meet
 * them again.
 */
async function purgeHistories(client: DurableClient, createdBefore: Date): Promise<number> {
  const edges = Array.from({ length: PURGED_DAYS + 1 }, (_, day) => addSeconds(createdBefore, -day * DAY_SECONDS));
  let purged = 0;
  for (const [index, createdTimeTo] of edges.entries()) {
    const { instancesDeleted } = await client.purgeInstanceHistoryBy({
      createdTimeFrom: edges[index + 1] ?? EPOCH,
      createdTimeTo,
      runtimeStatus: ENDED_STATES,
    });
    purged += instancesDeleted;
  }
  return purged;
}

/** Staged blobs and decisions are of use as long as their conversion may still run. */
async function deleteAbandonedBlobs({ blobs, config, now }: Services): Promise<Removed> {
  const { staging, application } = config.containers;
  const oldest = addSeconds(now(), -longestRunSeconds(config));
  const problems: string[] = [];
  let count = 0;
  let abandoned: BlobAddress[] = [];
  const flush = async (): Promise<void> => {
    const removed = await tryEach(
      abandoned,
      ({ name }) => name,
      (blob) => blobs.delete(blob),
    );
    count += removed.results.length;
    problems.push(...removed.problems);
    abandoned = [];
  };
  for (const container of [staging, application]) {
    for await (const { name, lastModified } of blobs.list(container)) {
      const isOurs = container === staging || name.startsWith(DECISIONS_FOLDER);
      if (isOurs && lastModified < oldest) abandoned.push({ container, name });
      if (abandoned.length === AT_ONCE) await flush();
    }
  }
  await flush();
  return { count, problems };
}
