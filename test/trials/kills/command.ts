import { parseNumber, seeHelp } from "../../../src/local/kit/commandLine/args.ts";
import type { Parsed } from "../../../src/local/kit/commandLine/args.ts";
import type { Command, Context } from "../../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../../src/local/kit/commandLine/exitCodes.ts";
import { TARGETS } from "./plan.ts";
import { runKills } from "./run.ts";
import type { KillsResult } from "./run.ts";

const HELP = `Kills the local stack with kill -9 over and over, the whole of it or one part, while videos are uploaded and converted.
Then it compares every upload that was acknowledged, and every MP3, to the byte. The exit code is 0 only if nothing was
lost, nothing is wrong, and no conversion needed a second attempt.

Options
  --rounds N    how many kills (default 50; about five minutes)
  --seed N      what is killed when, and what is uploaded (default 1)
  --json        the result as one line of JSON on stdout
  --help, -h    this text

The seed fixes what the trial does. What a service is doing when it is killed also depends on how fast the machine is.
`;

const OPTIONS = {
  rounds: { type: "string", default: "50" },
  seed: { type: "string", default: "1" },
  json: { type: "boolean", default: false },
} as const;

export const KILLS: Command<typeof OPTIONS> = { name: "npm run kills --", help: HELP, options: OPTIONS, run };

async function run({ values }: Parsed<typeof OPTIONS>, { output, env, signal }: Context): Promise<number> {
  const hint = seeHelp(KILLS.name);
  const rounds = parseNumber("--rounds", values.rounds, { min: 1, max: 10_000, isWhole: true, hint });
  const seed = parseNumber("--seed", values.seed, { min: 0, max: 2 ** 31, isWhole: true, hint });
  const result = await runKills({ rounds, seed, env, signal, note: (text) => output.note(text) });
  for (const list of ["lost", "wrong", "attemptsUsedUp", "notes"] as const) {
    for (const finding of result[list]) output.note(`${list}: ${finding}`);
  }
  const killed = Object.fromEntries(result.killed);
  const lines = values.json ? [JSON.stringify({ rounds, seed, ...result, killed })] : reportLines(rounds, seed, result);
  for (const line of lines) output.result(line);
  return result.lost.length + result.wrong.length + result.attemptsUsedUp.length === 0 ? EXIT.ok : EXIT.someFailed;
}

function reportLines(rounds: number, seed: number, result: KillsResult): string[] {
  const { uploads, acknowledged, videos, killed, lost, wrong, attemptsUsedUp, seconds } = result;
  const targets = TARGETS.map((target) => `${target} ${killed.get(target) ?? 0}`).join(", ");
  return [
    `${rounds} kills (${targets}), seed ${seed}, ${seconds.toFixed(0)} s`,
    `${uploads} uploads, ${acknowledged} of them acknowledged, ${videos} videos at the end`,
    `lost ${lost.length}, wrong ${wrong.length}, attempts used up by restarts ${attemptsUsedUp.length}`,
  ];
}
