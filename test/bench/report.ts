import type { StackService } from "../../src/local/stack/localStack.ts";
import { total } from "../probes/requests.ts";
import type { BenchResult } from "./benchRun.ts";
import type { CpuSeconds, Spread } from "./figures.ts";
import { SIDES } from "./rounds.ts";
import type { SizeResult } from "./sizeRun.ts";

export const PROCESSES: Readonly<Record<keyof CpuSeconds, string>> = {
  task: "the task, ffmpeg and all",
  azurite: "storage (Azurite)",
  functions: "Functions host",
  batch: "Batch emulator",
  client: "client (peer, convert, or plain ffmpeg)",
};
export const SERVICES: Readonly<Record<StackService, string>> = {
  azurite: "storage",
  batch: "Batch",
  functions: "the Functions host",
};
/** What is rarer than this, per file, is not worth a line of its own. */
const RARE = 0.05;
const TITLE_WIDTH = 44;
const FIGURE_WIDTH = 12;

export function reportLines({ ffmpeg, slots, rounds, sizes }: BenchResult): string[] {
  const head = `${ffmpeg.versions.join(", ")} (${ffmpeg.path}); ${slots} files at a time, ${count(rounds, "round")}`;
  return [head, ...sizes.flatMap((size) => ["", ...linesOf(size)])];
}

function linesOf(size: SizeResult): string[] {
  const { files, seconds, bytes, wall, toPeer, toFfmpeg, latency, aloneFfmpeg, warm, cold } = size;
  const megabytes = ((files * bytes) / 1e6).toFixed(1);
  return [
    `${count(files, "file")} of ${seconds} s, ${megabytes} MB`,
    row("", "min", "median", "max"),
    ...SIDES.map((side) => row(`  ${side}, s`, ...spread(wall[side]))),
    row("  convert to peer", ...spread(toPeer)),
    row("  convert to ffmpeg", ...spread(toFfmpeg)),
    row("  one alone: upload to record less ffmpeg, s", ...spread(latency)),
    row("  one alone: convert on a running stack, s", ...spread(warm)),
    row("  one alone: convert without a stack, s", ...spread(cold)),
    row("  one alone: plain ffmpeg, s", ...spread(aloneFfmpeg)),
    ...stepLines(size),
    row("per file", ...SIDES),
    ...cpuLines(size),
    ...requestLines(size),
  ];
}

function stepLines({ steps, underWay }: SizeResult): string[] {
  const rows = (figures: Readonly<Record<string, number>>): string[] =>
    Object.entries(figures).map(([name, seconds]) => row(`    ${name}`, (1_000 * seconds).toFixed(0)));
  return [
    row("  one alone: upload to record, step by step", "ms"),
    ...rows(steps),
    row("  of that time, under way", "ms"),
    ...rows(underWay),
  ];
}

function cpuLines({ costs }: SizeResult): string[] {
  const of = SIDES.map((side) => costs[side].cpuSeconds);
  const figure = (seconds: number | undefined): string =>
    seconds === undefined ? "unknown" : (1_000 * seconds).toFixed(0);
  const lines = Object.entries(PROCESSES).map(([process, title]) =>
    row(`    ${title}`, ...of.map((cpu) => figure(cpu?.[process as keyof CpuSeconds]))),
  );
  return [row("  CPU, ms", ...of.map((cpu) => figure(cpu && total(cpu)))), ...lines];
}

function requestLines({ costs }: SizeResult): string[] {
  return Object.entries(SERVICES).flatMap(([key, title]) => {
    const of = SIDES.map((side) => costs[side].requests[key as StackService]);
    const kinds = [...new Set(of.flatMap((requests) => Object.keys(requests)))]
      .map((kind) => [kind, ...of.map((requests) => requests[kind] ?? 0)] as const)
      .filter(([, ...figures]) => Math.max(...figures) >= RARE);
    return [
      row(`  requests to ${title}`, ...of.map((requests) => total(requests).toFixed(2))),
      ...kinds.map(([kind, ...figures]) =>
        row(`    ${kind}`, ...figures.map((figure) => (figure === 0 ? "" : figure.toFixed(2)))),
      ),
    ];
  });
}

function spread({ min, median, max }: Spread): string[] {
  return [min, median, max].map((value) => value.toFixed(2));
}

function row(title: string, ...figures: readonly string[]): string {
  return [title.padEnd(TITLE_WIDTH), ...figures.map((figure) => figure.padStart(FIGURE_WIDTH))].join("").trimEnd();
}

export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
