const TICKS_PER_MS = 10_000n;
const TICKS_PER_SECOND = 10_000_000n;
const TICKS_PER_MINUTE = 60n * TICKS_PER_SECOND;
const TICKS_PER_HOUR = 60n * TICKS_PER_MINUTE;
const TICKS_PER_DAY = 24n * TICKS_PER_HOUR;
const MAX_TICKS = 2n ** 63n - 1n;

const PATTERN =
  /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,7})\d*)?S)?)?$/;

/** Ticks of 100 ns, or undefined when the text is not an ISO 8601 duration that the service can hold. */
export function parseDuration(text: string): bigint | undefined {
  const match = PATTERN.exec(text);
  if (match === null || !/\d/.test(text) || text.endsWith("T")) return undefined;
  const [years, months, weeks, days, hours, minutes, seconds] = match.slice(1, 8).map((part) => BigInt(part ?? 0));
  const fraction = BigInt((match[8] ?? "").padEnd(7, "0"));
  const ticks =
    // The service counts 365 days in a year and 30 in a month: P3Y6M4DT12H30M5S comes back as P1279DT12H30M5S.
    ((years ?? 0n) * 365n + (months ?? 0n) * 30n + (weeks ?? 0n) * 7n + (days ?? 0n)) * TICKS_PER_DAY +
    (hours ?? 0n) * TICKS_PER_HOUR +
    (minutes ?? 0n) * TICKS_PER_MINUTE +
    (seconds ?? 0n) * TICKS_PER_SECOND +
    fraction;
  return ticks <= MAX_TICKS ? ticks : undefined;
}

/** As the service writes it: the largest units, no zero parts, no trailing zeros. */
export function formatDuration(ticks: bigint): string {
  const days = ticks / TICKS_PER_DAY;
  const hours = (ticks % TICKS_PER_DAY) / TICKS_PER_HOUR;
  const minutes = (ticks % TICKS_PER_HOUR) / TICKS_PER_MINUTE;
  const seconds = (ticks % TICKS_PER_MINUTE) / TICKS_PER_SECOND;
  const fraction = String(ticks % TICKS_PER_SECOND)
    .padStart(7, "0")
    .replace(/0+$/, "");
  const second = fraction === "" ? String(seconds) : `${seconds}.${fraction}`;
  const time = `${hours > 0n ? `${hours}H` : ""}${minutes > 0n ? `${minutes}M` : ""}${second !== "0" ? `${second}S` : ""}`;
  const text = `P${days > 0n ? `${days}D` : ""}${time === "" ? "" : `T${time}`}`;
  return text === "P" ? "PT0S" : text;
}

/** Milliseconds of a duration that has been validated; the longest one means "no limit". */
export function durationMs(text: string): number {
  const ticks = parseDuration(text) ?? 0n;
  return ticks === MAX_TICKS ? Number.POSITIVE_INFINITY : Number(ticks / TICKS_PER_MS);
}
