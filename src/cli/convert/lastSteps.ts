import { setTimeout as delay } from "node:timers/promises";
import type { App } from "./app.ts";
import { readView } from "./app.ts";

/** They take milliseconds. Who cannot end in this time, because a service is away, goes on when the stack runs again. */
export const LAST_STEPS_BOUND_MS = 5_000;
const LOOK_MS = 30;

/**
 * A conversion whose record is there still has to delete its task, and to see to it that others are told. Waits until none
 * of these is at that, for a few seconds at most. Never throws.
 */
export async function untilEnded(app: App, ids: readonly string[], signal: AbortSignal): Promise<void> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(LAST_STEPS_BOUND_MS)]);
  const untilOneHas = async (id: string): Promise<void> => {
    for (;;) {
      const view = await readView(app, id, within);
      if (typeof view !== "object" || view.status !== "running") return;
      await delay(LOOK_MS, undefined, { signal: within });
    }
  };
  // Interrupted, or out of time.
  await Promise.all(ids.map(untilOneHas)).catch(() => {});
}
