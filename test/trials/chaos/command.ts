import { parseNumber, seeHelp } from "../../../src/local/kit/commandLine/args.ts";
import type { Parsed } from "../../../src/local/kit/commandLine/args.ts";
import type { Command, Context } from "../../../src/local/kit/commandLine/command.ts";
import { EXIT } from "../../../src/local/kit/commandLine/exitCodes.ts";
import { FATAL, isClean } from "./findings.ts";
import { FULL_PACE } from "./paces.ts";
import { reportLines } from "./report.ts";
import { runTrial } from "./run.ts";

const HELP = `Converts videos on the local stack while its services fail, are killed, paused or silent, containers are deleted, results
are leased, and files change while they are uploaded; then shows what became of them. The exit code is 0 only if nothing was
lost, duplicated or wrong, and every failure has a reason.

Options
  --conversions N   how many versions of videos to upload (default 60), besides those of leased
                    and snapshotted results and of files that change
  --seed N          which videos are uploaded, replaced, announced twice or never, what strikes, and when (default 1)
  --rate R          share of requests, transfers and nodes that each kind of fault strikes (default 0.05)
  --polling         the host polls for uploads and reports, instead of getting events that are lost or come twice
  --help, -h        this text

The seed fixes everything that the trial itself does. Which request a fault strikes, and what a service is doing when it is
killed, also depends on how fast the machine is.
`;

const OPTIONS = {
  conversions: { type: "string", default: "60" },
  seed: { type: "string", default: "1" },
  rate: { type: "string", default: "0.05" },
  polling: { type: "boolean", default: false },
} as const;

export const CHAOS: Command<typeof OPTIONS> = { name: "npm run chaos --", help: HELP, options: OPTIONS, run };

async function run({ values }: Parsed<typeof OPTIONS>, { output, env, signal }: Context): Promise<number> {
  const hint = seeHelp(CHAOS.name);
  const conversions = parseNumber("--conversions", values.conversions, { min: 1, max: 10_000, isWhole: true, hint });
  const seed = parseNumber("--seed", values.seed, { min: 0, max: 2 ** 31, isWhole: true, hint });
  const rate = parseNumber("--rate", values.rate, { min: 0, max: 0.5, isWhole: false, hint });
  const result = await runTrial({
    conversions,
    seed,
    rate,
    isPolling: values.polling,
    signal,
    pace: FULL_PACE,
    env,
    note: (text) => output.note(text),
  });
  for (const list of [...FATAL, "explained", "stale"] as const) {
    for (const finding of result[list]) output.note(`${list}: ${finding}`);
  }
  for (const line of reportLines({ seed, rate }, result)) output.result(line);
  return isClean(result) ? EXIT.ok : EXIT.someFailed;
}
