import { seededRandom } from "../../../src/local/batchEmulator/random.ts";
import { BlobEvents } from "./blobEvents.ts";
import type { ChaosStack } from "./chaosStack.ts";
import type { Delivery } from "./plan.ts";

/** Nothing but time depends on them, so many may be lost. */
const SHARES = { lost: 0.25, twice: 0.25 };

interface ReportEventsOptions {
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** From now on tells the app of the reports that tasks upload, of many of them twice or never. The returned function ends that. */
export function tellOfReports(stack: ChaosStack, { seed, signal }: ReportEventsOptions): () => Promise<void> {
  const random = seededRandom(seed + 2);
  const end = new AbortController();
  const events = new BlobEvents(stack, "wakeOnReport", "report event", AbortSignal.any([signal, end.signal]));
  const choose = (chance: number): Delivery =>
    chance < SHARES.lost ? "never" : chance < SHARES.lost + SHARES.twice ? "twice" : "once";
  stack.proxy.afterEachReport((name, eTag) => events.tell({ container: "work", name, eTag }, choose(random.number())));
  return async () => {
    stack.proxy.afterEachReport(undefined);
    end.abort();
    await events.delivered().catch(() => {});
  };
}
