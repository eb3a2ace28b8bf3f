import { FATAL } from "./findings.ts";
import type { TrialResult } from "./run.ts";

/** The result of a trial as a table, line by line. */
export function reportLines({ seed, rate }: { seed: number; rate: number }, result: TrialResult): string[] {
  const { conversions, videos, faults, explained, stale, seconds } = result;
  const rows: [string, string | number][] = [
    ["conversions", `${conversions}, of ${videos} videos`],
    ...[...faults]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, count]): [string, number] => [`  ${kind}`, count]),
    ["  activities executed twice", "all"],
    ["  Durable messages delivered twice", "all"],
    ...FATAL.map((list): [string, number] => [list, result[list].length]),
    ["failed because of faults", explained.length],
    ["stale in the staging container", stale.length],
    ["seconds", seconds.toFixed(1)],
    ["seed", seed],
    ["rate", rate],
  ];
  return rows.map(([name, value]) => `${name.padEnd(60)} ${value}`);
}
