import type { DurableClient } from "durable-functions";
import type {
  ConversionCounts,
  ConversionList,
  ConversionSummary,
  ListedStatus,
  MinuteCounts,
} from "../model/conversionList.ts";
import { addSeconds, parseTime } from "../model/time.ts";
import type { IndexEntry } from "../results/conversionIndex.ts";
import type { Services } from "../services.ts";
import type { FoundEntry, IndexReader, IndexWindow } from "./indexWindow.ts";
import type { Standing } from "./standing.ts";
import { findStanding, summaryOf } from "./standing.ts";

/** Which conversions are asked for: those that fit all that is given. */
export interface ConversionFilter {
  /** Left out: any. */
  readonly statuses?: readonly ListedStatus[] | undefined;
  readonly code?: string | undefined;
  /** What the name of the input begins with. */
  readonly prefix?: string | undefined;
  readonly since?: Date | undefined;
}

/** Where a list goes on. */
export interface ListPlace {
  /** The `next` of the window it is in; null: the newest one. */
  readonly from: string | null;
  /** The last name that has been seen; null: none. */
  readonly after: string | null;
}

export interface ListQuery extends ConversionFilter {
  /** How many conversions at most; as many are asked for at Durable. */
  readonly limit: number;
  readonly place: ListPlace;
}

export interface ListPage extends Omit<ConversionList, "continuation"> {
  /** Undefined at the end. */
  readonly next: ListPlace | undefined;
}

export const FROM_THE_NEWEST: ListPlace = { from: null, after: null };

const AT_ONCE = 16;
const MINUTES = 60;
const MINUTE_MS = 60_000;

/**
 * A page of the list of conversions, the newest first. An entry of the index that has ended is trusted; of those that it
 * says are running, Durable is asked, so a page costs its listing, which is remembered, and at most `limit` questions.
 */
export async function listConversions(
  services: Services,
  client: DurableClient,
  index: IndexReader,
  query: ListQuery,
): Promise<ListPage> {
  const newest = await index.newest();
  const { entries, next } = await selectEntries(index, newest, query);
  const conversions: ConversionSummary[] = [];
  for (let start = 0; start < entries.length; start += AT_ONCE) {
    const some = entries.slice(start, start + AT_ONCE);
    const summaries = await Promise.all(some.map((found) => summarize(services, client, index, found)));
    conversions.push(...summaries.filter((summary) => summary !== undefined));
  }
  const isWanted = ({ status, error }: ConversionSummary): boolean => fits(query, status, error?.code);
  const minutes = countLastHour(newest, services.now());
  return {
    conversions: conversions.filter(isWanted),
    // After the questions, whose answers may have corrected what was read.
    counts: countByStatus(await index.newest(), query),
    lastHour: { minutes },
    next,
  };
}

/** The next entries that fit, at most as many as asked for. */
export async function selectEntries(
  index: IndexReader,
  newest: IndexWindow,
  query: ListQuery,
): Promise<{ readonly entries: readonly FoundEntry[]; readonly next: ListPlace | undefined }> {
  const { place, limit, since } = query;
  const window = place.from === null ? newest : await index.following(place.from);
  const { after } = place;
  const entries: FoundEntry[] = [];
  for (const found of window.entries) {
    if (after !== null && found.name <= after) continue;
    if (since !== undefined && parseTime(found.entry.startedAt) < since) return { entries, next: undefined };
    if (!isNamedLike(query, found.entry) || !fits(query, found.entry.status, found.entry.error?.code)) continue;
    const last = entries.at(-1);
    if (last !== undefined && entries.length === limit) {
      return { entries, next: { from: place.from, after: last.name } };
    }
    entries.push(found);
  }
  // What came since may have pushed the place out of its window, into the one that follows.
  return { entries, next: window.next === undefined ? undefined : { from: window.next, after } };
}

/** What cannot be asked just now is shown as the index has it. */
async function summarize(
  services: Services,
  client: DurableClient,
  index: IndexReader,
  found: FoundEntry,
): Promise<ConversionSummary | undefined> {
  if (found.entry.status !== "running") return summaryOf(found.entry);
  const standing = await findStanding(services, client, found).catch(() => undefined);
  if (standing === undefined) return { ...summaryOf(found.entry), waitReason: "it does not answer at the moment" };
  showCorrected(index, found, standing);
  return standing.summary;
}

function showCorrected(index: IndexReader, { name }: FoundEntry, { correction }: Standing): void {
  if (correction !== undefined) index.correct(name, correction.entry);
}

function isNamedLike({ prefix = "" }: ConversionFilter, { source }: IndexEntry): boolean {
  return source.name.startsWith(prefix);
}

function fits({ statuses, code }: ConversionFilter, status: ListedStatus, itsCode: string | undefined): boolean {
  return (statuses === undefined || statuses.includes(status)) && (code === undefined || itsCode === code);
}

function countByStatus({ entries, next }: IndexWindow, query: ConversionFilter): ConversionCounts {
  const { since } = query;
  const counts: Record<ListedStatus, number> = { running: 0, succeeded: 0, failed: 0, cancelled: 0 };
  for (const { entry } of entries) {
    if (since !== undefined && parseTime(entry.startedAt) < since) return { ...counts, isComplete: true };
    if (isNamedLike(query, entry)) counts[entry.status]++;
  }
  return { ...counts, isComplete: next === undefined };
}

/** The minute that has just begun is the last one. */
function countLastHour({ entries }: IndexWindow, now: Date): MinuteCounts[] {
  const lastMinute = new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS);
  const first = addSeconds(lastMinute, -(MINUTES - 1) * 60).getTime();
  const minutes = Array.from({ length: MINUTES }, (_, index) => ({
    at: new Date(first + index * MINUTE_MS).toISOString(),
    succeeded: 0,
    failed: 0,
  }));
  for (const { entry } of entries) {
    if (entry.endedAt === null || (entry.status !== "succeeded" && entry.status !== "failed")) continue;
    const minute = minutes[Math.floor((parseTime(entry.endedAt).getTime() - first) / MINUTE_MS)];
    if (minute !== undefined) minute[entry.status]++;
  }
  return minutes;
}
