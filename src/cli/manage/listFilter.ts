import { parseNumber, parseWords, wrongUsage } from "../../local/kit/commandLine/args.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { LISTED_STATUSES } from "../../model/conversionList.ts";
import { SettingsReader } from "../../model/settings.ts";

export const FILTER_OPTIONS = {
  code: { type: "string", value: "CODE", help: "only those that failed with this code, for example NoAudioStream" },
  prefix: { type: "string", value: "TEXT", help: "only those whose blob has a name that begins like this" },
  since: {
    type: "string",
    value: "TIME",
    help: "only those that were uploaded since then: 30m, 2h, 7d, 2026-01-31 or 2026-01-31T18:00:00Z",
  },
} as const satisfies OptionTable;

export const STATUS_OPTION = {
  type: "string",
  value: "STATUS",
  values: LISTED_STATUSES,
  isList: true,
  help: `only those that are ${LISTED_STATUSES.join(", ")}; several with commas between them`,
} as const;

const MAX_LIMIT = 100_000;

/** Throws a `UserError` for a status that does not exist, with the nearest one. */
export function readStatus(text: string | undefined): string | undefined {
  return text === undefined ? undefined : parseWords("--status", text, LISTED_STATUSES).join(",");
}

export function readLimit(text: string): number {
  const hint = "Narrow the list with --status, --prefix or --since instead.";
  return parseNumber("--limit", text, { min: 1, max: MAX_LIMIT, isWhole: true, hint });
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A time, or how long ago that was, as ISO 8601. Throws a `UserError`. */
export function readSince(text: string | undefined, now: number): string | undefined {
  if (text === undefined) return undefined;
  const [, count, unit = ""] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return new Date(now - Number(count) * (UNIT_MS[unit] ?? 0)).toISOString();
  const time = new SettingsReader({ since: text }).time("since");
  if (time !== undefined) return time.toISOString();
  const hint = "Give a span such as 30m, 2h or 7d, a date such as 2026-01-31, or a time such as 2026-01-31T18:00:00Z.";
  throw wrongUsage(`--since is not a time: "${text}"`, hint);
}
