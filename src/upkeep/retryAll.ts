import type { DurableClient } from "durable-functions";
import { findInstance } from "../durableClient.ts";
import type { RetriedConversions } from "../model/conversionList.ts";
import type { Services } from "../services.ts";
import { viewOf } from "./conversionView.ts";
import type { FoundEntry, IndexReader } from "./indexWindow.ts";
import type { ConversionFilter, ListPlace } from "./listConversions.ts";
import { selectEntries } from "./listConversions.ts";
import { retry } from "./retrying.ts";

/** How many conversions a request starts at most. */
const LIMIT = 100;
const AT_ONCE = 16;

interface Retried extends Omit<RetriedConversions, "continuation"> {
  /** Undefined when all that fit have been seen. */
  readonly next: ListPlace | undefined;
}

/** Undefined when it was started, or is running already. */
type Refused = string | undefined;

/**
 * Runs the failed conversions again that fit, some at a time; with the code `Cancelled` those that were cancelled. One
 * that is running is left alone, so a request that is repeated does no harm.
 */
export async function retryAll(
  services: Services,
  client: DurableClient,
  index: IndexReader,
  { code, prefix, since }: Omit<ConversionFilter, "statuses">,
  place: ListPlace,
): Promise<Retried> {
  const statuses = code === "Cancelled" ? (["cancelled"] as const) : (["failed"] as const);
  // Who asks for that has seen failures that may be younger than what is remembered.
  index.forget();
  const query = { statuses, code, prefix, since, place, limit: LIMIT };
  const { entries, next } = await selectEntries(index, await index.newest(), query);
  const ids: string[] = [];
  const refused: { id: string; code: string }[] = [];
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const some = entries.slice(start, start + AT_ONCE);
    const settled = await Promise.all(some.map((found) => retryOne(services, client, index, found, ids)));
    for (const [at, { entry }] of some.entries()) {
      const why = settled[at];
      if (why !== undefined) refused.push({ id: entry.id, code: why });
    }
  }
  return { started: ids.length, ids, refused, next };
}

async function retryOne(
  services: Services,
  client: DurableClient,
  index: IndexReader,
  { name, entry }: FoundEntry,
  started: string[],
): Promise<Refused> {
  try {
    const instance = await findInstance(client, entry.id);
    if (instance === undefined) return "ConversionNotFound";
    const view = viewOf(entry.id, instance);
    if (view.status === "running") return undefined;
    const refusal = await retry(services, client, view, instance);
    if (refusal !== undefined) return refusal.code;
    index.correct(name, { ...entry, status: "running", attempt: view.attempt + 1, endedAt: null, error: null });
    started.push(entry.id);
    return undefined;
  } catch {
    return "ServiceUnavailable";
  }
}
