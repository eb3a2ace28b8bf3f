import { test } from "vitest";
import type { BenchResult } from "./benchRun.ts";
import { comparisonLines } from "./comparison.ts";
import type { Costs } from "./figures.ts";
import { reportLines } from "./report.ts";
import type { SizeResult } from "./sizeRun.ts";

function costs(cpuSeconds: Costs["cpuSeconds"], azurite: Record<string, number> = {}): Costs {
  return { cpuSeconds, requests: { azurite, batch: {}, functions: {} } };
}

const CPU = { task: 0.2, azurite: 0.05, functions: 0, batch: 0.01, client: 0.1 };
const spread = (median: number) => ({ min: median - 1, median, max: median + 1 });

const SIZE: SizeResult = {
  files: 60,
  seconds: 3,
  bytes: 500_000,
  wall: { peer: spread(6), convert: spread(9), ffmpeg: spread(5) },
  toPeer: spread(1.5),
  toFfmpeg: spread(1.8),
  latency: spread(1.4),
  aloneFfmpeg: spread(1.1),
  steps: { "the task is added": 0.04 },
  underWay: { "requests to Batch": 0.03 },
  warm: spread(1.6),
  cold: spread(2.5),
  costs: {
    peer: costs(CPU, { "host PUT peer": 1 }),
    convert: costs(undefined, { "host PUT input": 1, rare: 0.01 }),
    ffmpeg: costs(CPU),
  },
};

const RESULT: BenchResult = {
  ffmpeg: { path: "/bin/ffmpeg", versions: ["ffmpeg version 7", "ffprobe version 7"] },
  slots: 2,
  rounds: 1,
  sizes: [SIZE],
};
const lines = reportLines(RESULT);

function figures(title: string): string[] {
  const line = lines.find((one) => one.trimStart().startsWith(title)) ?? "";
  return line.trimStart().slice(title.length).trim().split(/\s+/);
}

test("the report says which ffmpeg was used, and how", ({ expect }) => {
  expect(lines[0]).toBe("ffmpeg version 7, ffprobe version 7 (/bin/ffmpeg); 2 files at a time, 1 round");
  expect(lines).toContain("60 files of 3 s, 30.0 MB");
});

test("the report shows seconds and ratios with their spread", ({ expect }) => {
  expect(figures("convert, s")).toEqual(["8.00", "9.00", "10.00"]);
  expect(figures("convert to peer")).toEqual(["0.50", "1.50", "2.50"]);
  expect(figures("one alone: upload to record less ffmpeg, s")).toEqual(["0.40", "1.40", "2.40"]);
});

test("the report shows where the time of one file goes, in milliseconds", ({ expect }) => {
  expect(figures("the task is added")).toEqual(["40"]);
  expect(figures("requests to Batch")).toEqual(["30"]);
});

test("the report shows processor time by process, side by side, and where it is not known", ({ expect }) => {
  expect(figures("CPU, ms")).toEqual(["360", "unknown", "360"]);
  expect(figures("storage (Azurite)")).toEqual(["50", "unknown", "50"]);
});

test("the report counts the requests to each service, and shows those kinds that are not rare", ({ expect }) => {
  expect(figures("requests to storage")).toEqual(["1.00", "1.01", "0.00"]);
  expect(figures("host PUT input")).toEqual(["1.00"]);
  expect(lines.some((line) => line.includes("rare"))).toBe(false);
});

test("an earlier result stands beside this one, size by size, where both have it", ({ expect }) => {
  const earlier = { ...SIZE, toPeer: spread(4), steps: { "the task is added": 0.1, "was done twice": 0.2 } };
  const before = { ...RESULT, sizes: [{ ...SIZE, files: 1 }, earlier] };

  const table = comparisonLines(before, RESULT);

  expect(table).toContain("|  | 60 × 3 s, before | after |");
  expect(table).toContain("| convert to the peer | 4.00 (3.00–5.00) | 1.50 (0.50–2.50) |");
  expect(table).toContain("| the task is added | 100 | 40 |");
  expect(table).toContain("| was done twice | 200 |  |");
});
