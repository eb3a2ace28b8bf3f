import { resolve } from "node:path";
import type { Parsed } from "../../local/kit/commandLine/args.ts";
import type { Command } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import { printable, printableJson } from "../../local/kit/commandLine/printable.ts";
import { DEFAULT_DATA, dataFolderAt } from "../../local/stack/dataFolder.ts";
import type { CommandContext } from "../commandContext.ts";
import type { Check } from "../doctor/examine.ts";
import { examine } from "../doctor/examine.ts";
import { localChecks } from "../doctor/localStack.ts";
import { countsOf, lineOf } from "../doctor/report.ts";
import { Secrets } from "../doctor/secrets.ts";

const DOCTOR_HELP = `Looks at everything that has to be right, and says of each thing how it is and what to do. Changes nothing.

Examples
  mp3drop doctor                        this machine, and the stack that runs on .mp3drop
  mp3drop doctor --data other           the stack on another data folder
  mp3drop doctor --json | jq '.findings[] | select(.state == "wrong")'

Options
  --data DIR            data folder of the local stack (default .mp3drop)
  --json                one JSON document on stdout: {"findings": [{"what", "state", "detail", "hint"}, ...]}
  --help, -h            this text

Each line begins with ✓ (ok), ! (warning), ✗ (wrong) or ? (it could not be looked at). The exit code is 1 if
anything is wrong, otherwise 0. No key and no signed URL is shown.
`;

const OPTIONS = {
  data: { type: "string", default: DEFAULT_DATA },
  json: { type: "boolean", default: false },
} as const;

export const DOCTOR: Command<typeof OPTIONS, CommandContext> = {
  name: "mp3drop doctor",
  help: DOCTOR_HELP,
  options: OPTIONS,
  run: doctor,
};

async function doctor({ values }: Parsed<typeof OPTIONS>, { output, env, folder }: CommandContext): Promise<number> {
  const secrets = new Secrets();
  const data = dataFolderAt(resolve(folder, values.data));
  output.note(`Looking at this machine and the local stack on ${printable(data.path)}`);
  const checks: Check[] = localChecks({ folder: data, env, secrets });
  const findings = await examine(checks, { secrets });
  if (values.json) output.result(printableJson({ findings }, 2));
  else for (const finding of findings) output.result(lineOf(finding));
  output.note(`\n${countsOf(findings)}`);
  return findings.some(({ state }) => state === "wrong") ? EXIT.someFailed : EXIT.ok;
}
