import { mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CommandContext } from "../../src/cli/commandContext.ts";
import { openTarget } from "../../src/cli/convert/openTarget.ts";
import { workingFolder } from "../../src/cli/workingFolder.ts";
import { findAppRoot } from "../../src/local/kit/appRoot.ts";
import { parseNumber } from "../../src/local/kit/commandLine/args.ts";
import type { Parsed } from "../../src/local/kit/commandLine/args.ts";
import type { Command, Context } from "../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../src/local/kit/commandLine/exitCodes.ts";
import { doAndUndo } from "../../src/local/kit/undo.ts";
import { findFfmpeg } from "../../src/local/stack/ffmpeg.ts";
import { convertPlainly } from "./plainFfmpeg.ts";
import { convertOnStack } from "./stackRun.ts";
import { makeVideos } from "./videos.ts";

const HELP = `Converts videos through the whole local stack and with plain ffmpeg, and compares how long both take.

Options
  --files N         how many videos (default 6)
  --seconds N       how long each one is (default 60)
  --data DIR        data folder of the stack and of the videos (default .mp3drop/bench)
  --json            one line of JSON on stdout
  --help, -h        this text
`;

/** How many each side converts at a time. */
const AT_ONCE = 2;
const MAX_ALONE = 5;
const OPTIONS = {
  files: { type: "string", default: "6" },
  seconds: { type: "string", default: "60" },
  data: { type: "string", default: ".mp3drop/bench" },
  json: { type: "boolean", default: false },
} as const;

interface Spread {
  readonly median: number;
  readonly max: number;
}

interface Result {
  readonly files: number;
  readonly secondsPerFile: number;
  readonly stackSeconds: number;
  readonly ffmpegSeconds: number;
  readonly ratio: number;
  /** From the end of the upload to the record, minus the time that plain ffmpeg took for the same file; one file at a time. */
  readonly latencyOverheadSeconds: Spread;
  /** The same with all files at once: most of it is waiting for a slot. */
  readonly queuedLatencyOverheadSeconds: Spread;
}

export const BENCH_CONVERSIONS: Command<typeof OPTIONS> = {
  name: "npm run bench --",
  help: HELP,
  options: OPTIONS,
  run,
};

async function run({ values }: Parsed<typeof OPTIONS>, context: Context): Promise<number> {
  const { output, env } = context;
  const count = parseNumber("--files", values.files, { min: 2, max: 1_000, isWhole: true, hint: "At least two." });
  const seconds = parseNumber("--seconds", values.seconds, {
    min: 1,
    max: 36_000,
    isWhole: true,
    hint: "At least one.",
  });
  const folder = workingFolder(env, process.cwd(), findAppRoot());
  const result = await measure(count, seconds, resolve(folder, values.data), { ...context, folder });
  if (values.json) output.result(JSON.stringify(result));
  else for (const line of linesOf(result)) output.result(line);
  return EXIT.ok;
}

async function measure(files: number, secondsPerFile: number, data: string, given: CommandContext): Promise<Result> {
  const env = { ...given.env, BATCH_TASK_SLOTS_PER_NODE: String(AT_ONCE) };
  const context = { ...given, env };
  const { output } = context;
  const { ffmpeg } = findFfmpeg(env);
  const out = join(data, "mp3s");
  mkdirSync(out, { recursive: true });

  output.note(`Making ${files} videos of ${secondsPerFile} s, unless they are there already`);
  const videos = await makeVideos(ffmpeg, join(data, "videos"), files, secondsPerFile);
  const [short = ""] = await makeVideos(ffmpeg, join(data, "videos"), 1, 1);

  const stack = { data, connectionString: undefined, functionsUrl: undefined, verbose: false };
  const target = await openTarget(stack, context);
  const compare = async (): Promise<Result> => {
    output.note("Warming up");
    await convertOnStack(target, [short], out, context);
    output.note(`Converting ${files} videos through the stack, then with plain ffmpeg`);
    const onStack = await convertOnStack(target, videos, out, context);
    const plainStartedAt = performance.now();
    const plainMs = await convertPlainly(ffmpeg, videos, out, AT_ONCE);
    const plainWallMs = performance.now() - plainStartedAt;

    output.note("Converting some of them one by one");
    const alone: number[] = [];
    for (const video of videos.slice(0, MAX_ALONE)) {
      const { latenciesMs } = await convertOnStack(target, [video], out, context);
      const plain = await convertPlainly(ffmpeg, [video], out, 1);
      alone.push(...overheads(latenciesMs, plain));
    }
    return {
      files,
      secondsPerFile,
      stackSeconds: onStack.wallMs / 1_000,
      ffmpegSeconds: plainWallMs / 1_000,
      ratio: onStack.wallMs / plainWallMs,
      latencyOverheadSeconds: spreadOf(alone),
      queuedLatencyOverheadSeconds: spreadOf(overheads(onStack.latenciesMs, plainMs)),
    };
  };
  return doAndUndo(compare, [() => rmSync(out, { recursive: true, force: true }), () => target.close(context.signal)]);
}

function overheads(latenciesMs: readonly number[], plainMs: readonly number[]): number[] {
  return latenciesMs.map((latency, index) => latency - (plainMs[index] ?? Number.NaN));
}

/** In seconds, of milliseconds. */
function spreadOf(milliseconds: readonly number[]): Spread {
  const sorted = milliseconds.map((value) => value / 1_000).toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return { median: (lower + upper) / 2, max: sorted.at(-1) ?? Number.NaN };
}

function linesOf(result: Result): string[] {
  const rows: [string, string][] = [
    ["videos", `${result.files} of ${result.secondsPerFile} s, ${AT_ONCE} at a time`],
    ["through the stack", `${result.stackSeconds.toFixed(2)} s (upload, conversion, download)`],
    ["plain ffmpeg", `${result.ffmpegSeconds.toFixed(2)} s`],
    ["ratio", result.ratio.toFixed(2)],
    ["latency overhead", describe(result.latencyOverheadSeconds)],
    ["the same, all at once", describe(result.queuedLatencyOverheadSeconds)],
  ];
  return rows.map(([name, value]) => `${name.padEnd(28)} ${value}`);
}

function describe({ median, max }: Spread): string {
  return `median ${median.toFixed(2)} s, max ${max.toFixed(2)} s (upload to record, minus ffmpeg)`;
}
