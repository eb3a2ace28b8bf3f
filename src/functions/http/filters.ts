import type { ListedStatus } from "../../model/conversionList.ts";
import { LISTED_STATUSES } from "../../model/conversionList.ts";
import { StorageError } from "../../model/errors.ts";
import type { ListPlace } from "../../upkeep/listConversions.ts";
import { FROM_THE_NEWEST } from "../../upkeep/listConversions.ts";
import { Refusal } from "./answers.ts";

const MAX_LIMIT = 200;
const DEFAULT_LIMIT = 50;

/** One or several, separated by commas; undefined for any. Throws a `Refusal`, as all of these. */
export function readStatuses(text: string | null): readonly ListedStatus[] | undefined {
  if (text === null || text === "") return undefined;
  return text.split(",").map((part) => {
    const status = LISTED_STATUSES.find((one) => one === part.trim());
    if (status !== undefined) return status;
    throw wrong("status", `one or several of ${LISTED_STATUSES.join(", ")}, separated by commas`, part);
  });
}

/** Undefined for any. A code that there is not fits no conversion, and is most likely a mistake. */
export function readCode(text: string | null | undefined): string | undefined {
  if (!text) return undefined;
  if (/^[A-Za-z]{1,60}$/.test(text)) return text;
  throw wrong("code", "the code of a failure, for example NoAudioStream", text);
}

export function readSince(text: string | null | undefined): Date | undefined {
  if (!text) return undefined;
  const isIso = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const time = new Date(text);
  if (isIso && !Number.isNaN(time.getTime())) return time;
  throw wrong("since", "a date such as 2026-01-31 or a time such as 2026-01-31T18:00:00Z", text);
}

export function readLimit(text: string | null): number {
  if (text === null || text === "") return DEFAULT_LIMIT;
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw wrong("limit", `a whole number from 1 to ${MAX_LIMIT}`, text);
}

/** A continuation says where a list goes on, in a form that nobody but us should read. */
export function writeContinuation(place: ListPlace | undefined): string | null {
  return place === undefined ? null : Buffer.from(JSON.stringify([place.from, place.after])).toString("base64url");
}

export function readContinuation(text: string | null | undefined): ListPlace {
  if (!text) return FROM_THE_NEWEST;
  try {
    const [from, after] = JSON.parse(Buffer.from(text, "base64url").toString()) as [unknown, unknown];
    if (isTextOrNull(from) && isTextOrNull(after)) return { from, after };
  } catch {
    // As any other that is none of ours.
  }
  throw wrong("continuation", "one that an answer before has given", text);
}

/** What was asked for from this place on. Azure Storage refuses a place that it does not understand, or no longer. */
export async function goingOn<Page>({ from }: ListPlace, page: Promise<Page>): Promise<Page> {
  try {
    return await page;
  } catch (error) {
    if (from === null || !(error instanceof StorageError) || error.statusCode !== 400) throw error;
    throw new Refusal(400, "BadFilter", "The continuation is no longer understood: begin again without it.");
  }
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function wrong(name: string, must: string, value: string): Refusal {
  return new Refusal(400, "BadFilter", `${name} must be ${must}, not "${value.slice(0, 60)}".`);
}
