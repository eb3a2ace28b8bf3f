import type { StackService } from "../../src/local/stack/localStack.ts";
import { total } from "../probes/requests.ts";
import type { BenchResult } from "./benchRun.ts";
import type { CpuSeconds, Spread } from "./figures.ts";
import { count, PROCESSES, SERVICES } from "./report.ts";
import type { SizeResult } from "./sizeRun.ts";

type Row = readonly [title: string, figure: (size: SizeResult) => string];

const PROCESS_NAMES = Object.entries(PROCESSES) as [keyof CpuSeconds, string][];
const SERVICE_NAMES = Object.entries(SERVICES) as [StackService, string][];

/** An earlier result beside this one, as a table in Markdown: for each size that both have, two columns. */
export function comparisonLines(before: BenchResult, after: BenchResult): string[] {
  const both = after.sizes.flatMap((size) => {
    const earlier = before.sizes.find(({ files, seconds }) => files === size.files && seconds === size.seconds);
    return earlier === undefined ? [] : [[earlier, size] as const];
  });
  const heads = both.flatMap(([{ files, seconds }]) => [`${files} × ${seconds} s, before`, "after"]);
  const rows = rowsFor([...before.sizes, ...after.sizes]);
  return [
    `Before: ${how(before)}. After: ${how(after)}.`,
    "",
    line(["", ...heads]),
    line(["---", ...heads.map(() => "---")]),
    ...rows.map(([title, figure]) => line([title, ...both.flatMap((pair) => pair.map(figure))])),
  ];
}

function rowsFor(sizes: readonly SizeResult[]): Row[] {
  return [
    ["convert to the peer", ({ toPeer }) => spread(toPeer)],
    ["convert to plain ffmpeg", ({ toFfmpeg }) => spread(toFfmpeg)],
    ["latency alone, less ffmpeg, s", ({ latency }) => spread(latency)],
    ["`convert` of one file, stack running, s", ({ warm }) => spread(warm)],
    ["`convert` of one file, from nothing, s", ({ cold }) => spread(cold)],
    ["**CPU per file, ms**", ({ costs }) => milliseconds(costs.convert.cpuSeconds && total(costs.convert.cpuSeconds))],
    ["of the peer", ({ costs }) => milliseconds(costs.peer.cpuSeconds && total(costs.peer.cpuSeconds))],
    ...PROCESS_NAMES.map(([process, title]): Row => [
      title,
      ({ costs }) => milliseconds(costs.convert.cpuSeconds?.[process]),
    ]),
    ...SERVICE_NAMES.map(([service, title]): Row => [
      `requests per file to ${title}`,
      ({ costs }) => total(costs.convert.requests[service]).toFixed(1),
    ]),
    ["**alone, step by step, ms**", ({ steps }) => milliseconds(total(steps))],
    ...rowsOf(sizes, "steps"),
    ["**of that time, under way, ms**", () => ""],
    ...rowsOf(sizes, "underWay"),
  ];
}

/** Also those steps that only one of the two has. */
function rowsOf(sizes: readonly SizeResult[], part: "steps" | "underWay"): Row[] {
  const titles = new Set(sizes.flatMap((size) => Object.keys(size[part])));
  return [...titles].map((title) => [title.trim(), (size) => milliseconds(size[part][title])]);
}

function how({ ffmpeg, rounds }: BenchResult): string {
  return `${ffmpeg.versions[0]}, ${count(rounds, "round")}`;
}

function spread({ min, median, max }: Spread): string {
  return `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
}

function milliseconds(seconds: number | undefined): string {
  return seconds === undefined ? "" : (1_000 * seconds).toFixed(0);
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}
