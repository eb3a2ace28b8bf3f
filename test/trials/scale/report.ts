import { total } from "../../probes/requests.ts";
import { growth, SERVICES } from "./figures.ts";
import type { ScaleResult } from "./run.ts";

const TITLES = { azurite: "storage", batch: "Batch", functions: "Functions host", trial: "the trial itself" } as const;
const MB = 1024 * 1024;
/** What is rarer than this, per conversion, is not worth a line of its own. */
const RARE = 0.05;

/** Results side by side, one column for each, and last what a conversion of many costs in relation to one of few. */
export function reportLines(results: readonly ScaleResult[]): string[] {
  const table: [string, ...string[]][] = [];
  const row = (title: string, figure: (result: ScaleResult) => string): void => {
    table.push([title, ...results.map(figure)]);
  };
  row("conversions", ({ conversions }) => String(conversions));
  row("lost", ({ lost }) => String(lost.length));
  row("double", ({ double }) => String(double.length));
  row("wrong", ({ wrong }) => String(wrong.length));
  row("uploads per second", ({ conversions, uploadSeconds }) => (conversions / uploadSeconds).toFixed(1));
  row("conversions per second, from the first upload on", (r) => (r.conversions / r.seconds).toFixed(1));
  row("  of the middle half", (result) => result.steadyRate.toFixed(1));
  row("history events per conversion, mean", ({ historyEvents }) => historyEvents.mean.toFixed(1));
  row("  most", ({ historyEvents }) => String(historyEvents.most));
  for (const service of SERVICES) {
    row(`requests to ${TITLES[service]} per conversion`, ({ costs }) => total(costs.requests[service]).toFixed(2));
    for (const kind of kindsOf(results, service)) {
      row(`  ${kind}`, ({ costs }) => (costs.requests[service][kind] ?? 0).toFixed(2));
    }
  }
  row("CPU ms per conversion", ({ costs }) => (1000 * total(costs.cpuSeconds)).toFixed(1));
  for (const service of SERVICES) {
    row(`  ${TITLES[service]}`, ({ costs }) => (1000 * costs.cpuSeconds[service]).toFixed(1));
  }
  for (const service of SERVICES) {
    row(`heap of ${TITLES[service]} at the end, MB`, ({ heapBytes }) => (heapBytes[service] / MB).toFixed(1));
    row("  kB more per conversion", ({ costs }) => (costs.heapBytes[service] / 1024).toFixed(2));
  }
  for (const process of [...SERVICES, "trial"] as const) {
    row(`peak memory of ${TITLES[process]}, MB`, ({ peakRssBytes }) => (peakRssBytes[process] / MB).toFixed(0));
  }
  const lines = table.map(([title, ...figures]) =>
    [title.padEnd(58), ...figures.map((figure) => figure.padStart(10))].join(" "),
  );
  return [...lines, ...growthLines(results)];
}

function growthLines(results: readonly ScaleResult[]): string[] {
  const [few, many] = results;
  if (few === undefined || many === undefined) return [];
  const { requests, cpu } = growth(few.costs, many.costs);
  const sizes = `cost of one conversion of ${many.conversions} against one of ${few.conversions}`;
  return [`${sizes}: requests ${requests.toFixed(2)}, CPU ${cpu.toFixed(2)} (wanted: at most 1.10)`];
}

/** Those that are frequent in any of the results, the most frequent first. */
function kindsOf(results: readonly ScaleResult[], service: (typeof SERVICES)[number]): string[] {
  const most = new Map<string, number>();
  for (const { costs } of results) {
    for (const [kind, count] of Object.entries(costs.requests[service])) {
      most.set(kind, Math.max(count, most.get(kind) ?? 0));
    }
  }
  return [...most]
    .filter(([, count]) => count >= RARE)
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind]) => kind);
}
