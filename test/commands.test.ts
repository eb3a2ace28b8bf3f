import { test } from "vitest";
import { CONVERT } from "../src/cli/commands/convertCommand.ts";
import { DOCTOR } from "../src/cli/commands/doctorCommand.ts";
import { LOCAL } from "../src/cli/commands/localCommand.ts";
import { BATCH_EMULATOR } from "../src/local/batchEmulator/command.ts";
import { FUNCTIONS_HOST } from "../src/local/functionsHost/command.ts";
import { runCommand } from "../src/local/kit/commandLine/command.ts";
import { CORE_TOOLS } from "../src/local/stack/coreToolsProcess.ts";
import { BENCH_BATCH } from "./bench/batchCommand.ts";
import { BENCH_CONVERSIONS } from "./bench/conversionsCommand.ts";
import { BENCH_HOST } from "./bench/hostCommand.ts";
import { recordedOutput } from "./local/kit/commandLine/recordedOutput.ts";
import { BAD_MEDIA } from "./trials/badMedia/command.ts";
import { CHAOS } from "./trials/chaos/command.ts";
import { SCALE } from "./trials/scale/command.ts";

const COMMANDS = [
  CONVERT,
  LOCAL,
  DOCTOR,
  BATCH_EMULATOR,
  FUNCTIONS_HOST,
  CORE_TOOLS,
  BENCH_CONVERSIONS,
  BENCH_BATCH,
  BENCH_HOST,
  CHAOS,
  BAD_MEDIA,
  SCALE,
];

/** What a command does before its work begins; fails if the work would begin. */
async function call(command: (typeof COMMANDS)[number], argv: readonly string[]) {
  const { output, stdout, stderr } = recordedOutput();
  const idle = { ...command, run: () => Promise.reject(new Error("The work began")) };
  const code = await runCommand(idle, argv, { output, env: {}, signal: AbortSignal.abort() });
  return { code, stdout: stdout(), stderr: stderr() };
}

test.for(COMMANDS)("$name --help shows its usage, each option and the exit codes", async (command, { expect }) => {
  const long = await call(command, ["--help"]);
  const short = await call(command, ["-h"]);

  expect(short).toEqual(long);
  expect([long.code, long.stderr]).toEqual([0, ""]);
  expect(long.stdout).toMatch(/^Usage: /);
  expect(long.stdout).toContain(`Usage: ${command.name} `);
  expect(long.stdout).toContain("\n\nOptions\n");
  expect(long.stdout).toContain("\n\nExit codes\n");
  const shown = [...long.stdout.matchAll(/^ {2}--([a-z-]+)/gm)].map(([, option]) => option);
  expect(new Set(shown)).toEqual(new Set(["help", ...Object.keys(command.options)]));
});

test.for(COMMANDS)(
  "a wrong option of $name is one sentence with the nearest known one",
  async (command, { expect }) => {
    await expect(call(command, ["--halp"])).rejects.toMatchObject({
      name: "UserError",
      code: "WrongUsage",
      message: "Unknown option '--halp'",
      hint: `Did you mean --help? See \`${command.name} --help\`.`,
    });
  },
);

test.for(COMMANDS.filter((command) => command.words === undefined))(
  "a word that $name does not take is refused",
  async (command, { expect }) => {
    await expect(call(command, ["word"])).rejects.toMatchObject({
      code: "WrongUsage",
      message: '"word" is not an option',
    });
  },
);
