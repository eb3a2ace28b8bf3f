import { setTimeout as delay } from "node:timers/promises";

/** They take milliseconds. Who cannot end in this time, because a service is away, goes on when the stack runs again. */
const BOUND_MS = 5_000;
const LOOK_MS = 20;

/** Of an answer of the Durable extension: https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api#get-all-instances-status */
interface RunningInstance {
  readonly customStatus?: { readonly phase?: unknown } | null;
}

/**
 * A conversion whose record is there still has to delete its task, and to see to it that others are told. Waits until
 * none on this host is at that, for a few seconds at most. Never throws.
 */
export async function untilNoneIsEnding(functionsUrl: string, signal: AbortSignal): Promise<void> {
  const within = AbortSignal.any([signal, AbortSignal.timeout(BOUND_MS)]);
  const url = new URL("/runtime/webhooks/durabletask/instances?runtimeStatus=Running&showInput=false", functionsUrl);
  try {
    for (;;) {
      const response = await fetch(url, { signal: within });
      const running = (await response.json()) as readonly RunningInstance[];
      if (!running.some(({ customStatus }) => customStatus?.phase === "publishing")) return;
      await delay(LOOK_MS, undefined, { signal: within });
    }
  } catch {
    // Interrupted, out of time, or the host is gone.
  }
}
