import type { DurableClient } from "durable-functions";
import { findInstance } from "../durableClient.ts";
import type { ConversionView } from "../model/conversion.ts";
import type { ConversionSummary } from "../model/conversionList.ts";
import { failureOf } from "../model/failures.ts";
import { addSeconds, parseTime } from "../model/time.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { IndexEntry } from "../results/conversionIndex.ts";
import { correctEntry, entryOfRecord } from "../results/conversionIndex.ts";
import type { Services } from "../services.ts";
import { WORKLOADS } from "../workloads/index.ts";
import { resultNamesFor } from "../workloads/resultNames.ts";
import { viewOf } from "./conversionView.ts";
import type { FoundEntry } from "./indexWindow.ts";

/** How a conversion stands that the index says is running. */
export interface Standing {
  /** Undefined if there is no such conversion, or it was superseded. */
  readonly summary: ConversionSummary | undefined;
  /** What the index should say; left out where it is right, or not known better. */
  readonly correction?: { readonly entry: IndexEntry | undefined };
}

/** A start is noted side by side with the start itself, which may fail and come again. */
const STARTING_SECONDS = 600;
const STATUS_BOUND_MS = 10_000;

/** What the index says of a conversion that has ended. */
export function summaryOf(entry: IndexEntry): ConversionSummary {
  const { id, status, workload, source, startedAt, endedAt, sizeBytes, attempt, error, outputBytes } = entry;
  return {
    id,
    status,
    workload,
    input: source,
    uploadedAt: startedAt,
    endedAt,
    sizeBytes,
    phase: status === "running" ? "preparing" : "finished",
    percent: null,
    waitReason: null,
    waitingSince: null,
    attempt,
    error,
    output: status === "succeeded" ? { name: resultName(entry), sizeBytes: outputBytes } : null,
  };
}

/**
 * Asks Durable about a conversion that the index says is running, because only that knows its phase, and the index may be
 * late. What the index should say instead is written there.
 */
export async function findStanding(services: Services, client: DurableClient, found: FoundEntry): Promise<Standing> {
  const standing = await ask(services, client, found.entry);
  if (standing.correction !== undefined) await correctEntry(services, found, standing.correction.entry);
  return standing;
}

async function ask(services: Services, client: DurableClient, entry: IndexEntry): Promise<Standing> {
  const instance = await findInstance(client, entry.id, { boundMs: STATUS_BOUND_MS });
  if (instance === undefined) {
    const isYoung = parseTime(entry.startedAt) > addSeconds(services.now(), -STARTING_SECONDS);
    return isYoung ? { summary: summaryOf(entry) } : { summary: undefined, correction: { entry: undefined } };
  }
  // Of two starts at the same moment one succeeds, and the other may have been noted.
  const { startedAt } = contentsOf(instance).input;
  if (startedAt !== undefined && startedAt !== entry.startedAt) {
    return { summary: undefined, correction: { entry: undefined } };
  }
  const view = viewOf(entry.id, instance);
  if (view.status === "superseded") return { summary: undefined, correction: { entry: undefined } };
  if (view.status === "running") return { summary: runningSummary(entry, view) };
  if (view.record !== null) {
    const ended = { ...entryOfRecord(view.record), startedAt: entry.startedAt };
    return { summary: summaryOf(ended), correction: { entry: ended } };
  }
  // It was ended from outside, or died: the next sweep sees to that, and leaves a record.
  const error = failureOf(view.status === "cancelled" ? "Cancelled" : "InternalError");
  const ended = { ...entry, status: view.status, attempt: view.attempt, endedAt: view.updatedAt, error };
  return { summary: summaryOf(ended) };
}

function runningSummary(entry: IndexEntry, view: ConversionView): ConversionSummary {
  const { phase, percent, waitReason, waitingSince, attempt } = view;
  return { ...summaryOf(entry), phase, percent, waitReason, waitingSince, attempt };
}

/** The app may no longer have the workload, and then nobody can say any more what its result would be called. */
function resultName({ workload: name, source }: IndexEntry): string {
  const workload = WORKLOADS.find((one) => one.name === name);
  return workload === undefined ? "" : resultNamesFor(workload, source.name).result;
}
