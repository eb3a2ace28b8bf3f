import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { workingFolder } from "../../src/cli/workingFolder.ts";
import { findAppRoot } from "../../src/local/kit/appRoot.ts";
import { parseNumber, seeHelp, wrongUsage } from "../../src/local/kit/commandLine/args.ts";
import type { Parsed } from "../../src/local/kit/commandLine/args.ts";
import type { Command, Context } from "../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../src/local/kit/commandLine/exitCodes.ts";
import type { BenchResult } from "./benchRun.ts";
import { runBench } from "./benchRun.ts";
import { chooseFfmpeg } from "./chosenFfmpeg.ts";
import { comparisonLines } from "./comparison.ts";
import { reportLines } from "./report.ts";
import { DEFAULT_SIZES, parseSizes, QUICK_SIZES } from "./sizes.ts";

const HELP = `Has the same videos converted by three sides in turn, and compares what each takes:
  peer       a program that does what the tutorial of Azure Batch does: upload one by one, add all tasks at once, list
             them every second, download one by one
  convert    mp3drop convert
  ffmpeg     plain ffmpeg, from file to file: nobody who uses it can be faster
The first two are processes of their own, on the same warm stack, with the same node and slots. Then it converts some files one
by one, and shows processor time by process, requests by service, and where the time of one file goes.

Options
  --sizes LIST      how many videos of how many seconds (default ${DEFAULT_SIZES})
  --rounds N        how often each side has its turn (default 3)
  --ffmpeg WHICH    system (on PATH), packaged, or the path of one beside its ffprobe (default: what a stack takes)
  --against FILE    what an earlier run has printed with --json: shown beside this one at the end, as a table in Markdown
  --quick           a look in a few seconds: --sizes ${QUICK_SIZES} --rounds 1
  --data DIR        where the videos are kept for the next time, and the data of the stacks meanwhile (default .mp3drop/bench)
  --json            one line of JSON on stdout
  --help, -h        this text

Seconds of the clock mean something only on a machine that has nothing else to do. Processor time is known where there is
/proc.
`;

const OPTIONS = {
  sizes: { type: "string" },
  rounds: { type: "string" },
  ffmpeg: { type: "string" },
  against: { type: "string" },
  quick: { type: "boolean", default: false },
  data: { type: "string", default: ".mp3drop/bench" },
  json: { type: "boolean", default: false },
} as const;

export const BENCH_CONVERSIONS: Command<typeof OPTIONS> = {
  name: "npm run bench --",
  help: HELP,
  options: OPTIONS,
  run,
};

async function run({ values }: Parsed<typeof OPTIONS>, context: Context): Promise<number> {
  const { output, env, signal } = context;
  const from = workingFolder(env, process.cwd(), findAppRoot());
  const sizes = parseSizes(values.sizes ?? (values.quick ? QUICK_SIZES : DEFAULT_SIZES));
  const hint = seeHelp(BENCH_CONVERSIONS.name);
  const range = { min: 1, max: 100, isWhole: true, hint };
  const rounds = parseNumber("--rounds", values.rounds ?? (values.quick ? "1" : "3"), range);
  const before = values.against === undefined ? undefined : readResult(resolve(from, values.against));
  const ffmpeg = await chooseFfmpeg(values.ffmpeg, env);
  const data = resolve(from, values.data);
  mkdirSync(data, { recursive: true });
  const folder = mkdtempSync(join(data, "run-"));
  try {
    const note = (text: string): void => output.note(text);
    const result = await runBench({ sizes, rounds, ffmpeg, videos: join(data, "videos"), folder, signal, note });
    const comparison = before === undefined ? [] : ["", ...comparisonLines(before, result)];
    if (values.json) output.result(JSON.stringify(result));
    else for (const line of [...reportLines(result), ...comparison]) output.result(line);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return EXIT.ok;
}

function readResult(path: string): BenchResult {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as BenchResult;
  } catch (cause) {
    throw wrongUsage(`${path} is no result of this bench`, "Keep what --json prints in a file.", { cause });
  }
}
