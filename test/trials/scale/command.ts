import { parseNumber, seeHelp } from "../../../src/local/kit/commandLine/args.ts";
import type { Parsed } from "../../../src/local/kit/commandLine/args.ts";
import type { Command, Context } from "../../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../../src/local/kit/commandLine/exitCodes.ts";
import { isClean } from "./findings.ts";
import { reportLines } from "./report.ts";
import { runScale } from "./run.ts";
import type { ScaleResult } from "./run.ts";

const HELP = `Uploads thousands of small videos at once to the local stack and waits until each has its record. All is real but the
commands of the tasks: each task leaves what the script has really left for that video, once, at the start. Then it shows what a
conversion cost: requests, CPU time, memory. The exit code is 0 only if nothing was lost, double or wrong.

Options
  --conversions N   how many videos to upload (default 1000)
  --against N       measure so many first, on a stack of their own, and compare
  --json            the figures as one line of JSON on stdout
  --help, -h        this text
`;

const OPTIONS = {
  conversions: { type: "string", default: "1000" },
  against: { type: "string" },
  json: { type: "boolean", default: false },
} as const;

export const SCALE: Command<typeof OPTIONS> = { name: "npm run scale --", help: HELP, options: OPTIONS, run };

async function run({ values }: Parsed<typeof OPTIONS>, { output, env, signal }: Context): Promise<number> {
  const size = { min: 1, max: 100_000, isWhole: true, hint: seeHelp(SCALE.name) };
  const sizes = [
    ...(values.against === undefined ? [] : [parseNumber("--against", values.against, size)]),
    parseNumber("--conversions", values.conversions, size),
  ];
  const results: ScaleResult[] = [];
  for (const conversions of sizes) {
    const result = await runScale({ conversions, env, signal, note: (text) => output.note(text) });
    for (const list of ["lost", "double", "wrong"] as const) {
      for (const finding of result[list]) output.note(`${list}: ${finding}`);
    }
    results.push(result);
    // What comes next may take long, and be interrupted.
    if (results.length < sizes.length) for (const line of reportLines(results)) output.note(line);
  }
  for (const line of values.json ? [JSON.stringify(results)] : reportLines(results)) output.result(line);
  return results.every(isClean) ? EXIT.ok : EXIT.someFailed;
}
