import type { BatchServiceClient } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import type { NodeNeeds } from "../../workloads/workload.ts";
import type { Remembered } from "../remembered.ts";
import { remembered } from "../remembered.ts";
import { ensureJob } from "./job.ts";
import { ensurePool } from "./pool.ts";

export interface PoolAndJob {
  readonly poolId: string;
  readonly jobId: string;
}

/** Where tasks go. */
export interface Place extends Remembered<PoolAndJob> {
  /** Looks again where the pool could not yet be made as the settings say. A failure is left to those who need the place. */
  readonly settle: () => Promise<void>;
  /** What was noticed of the pool since the last call. None is returned twice. */
  readonly takeNotices: () => readonly string[];
}

/**
 * Makes sure of the pool and the job when first asked, and remembers them: for good where the pool is as it should be,
 * otherwise for `retryMs`.
 */
export function ensuredPlace(
  client: BatchServiceClient,
  settings: BatchSettings,
  needs: readonly NodeNeeds[],
  retryMs: number,
): Place {
  const noticed = new Set<string>();
  let notices: string[] = [];
  let isSettled = true;
  let lookedAt = 0;

  const place = remembered(async () => {
    lookedAt = performance.now();
    const care = await ensurePool(client, settings, needs);
    isSettled = care.isSettled;
    for (const notice of care.notices) {
      if (!noticed.has(notice)) notices.push(notice);
      noticed.add(notice);
    }
    return { poolId: settings.poolId, jobId: await ensureJob(client, settings) };
  });

  const get: Place["get"] = (options) => {
    if (!isSettled && performance.now() - lookedAt >= retryMs) place.forget();
    return place.get(options);
  };

  return {
    get,
    forget: place.forget,
    settle: async () => {
      if (!isSettled) await get().catch(() => {});
    },
    takeNotices: () => {
      const taken = notices;
      notices = [];
      return taken;
    },
  };
}
