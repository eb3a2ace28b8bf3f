import { test } from "vitest";
import { COMMANDS as TABLE } from "../src/cli/commandTable.ts";
import { CANCEL } from "../src/cli/commands/cancelCommand.ts";
import { CLEAN } from "../src/cli/commands/cleanCommand.ts";
import { completionCommand } from "../src/cli/commands/completionCommand.ts";
import { CONVERT } from "../src/cli/commands/convertCommand.ts";
import { DOCTOR } from "../src/cli/commands/doctorCommand.ts";
import { LIST } from "../src/cli/commands/listCommand.ts";
import { LOCAL } from "../src/cli/commands/localCommand.ts";
import { LOG } from "../src/cli/commands/logCommand.ts";
import { RETRY } from "../src/cli/commands/retryCommand.ts";
import { STATUS } from "../src/cli/commands/statusCommand.ts";
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
  LIST,
  STATUS,
  LOG,
  RETRY,
  CANCEL,
  CLEAN,
  completionCommand(() => Promise.resolve([])),
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

test.for(TABLE)(
  "mp3drop $name has the words that the list of commands says, and examples",
  async (entry, { expect }) => {
    const { output, stdout } = recordedOutput();

    const code = await entry.run(["--help"], { output, env: {}, folder: "", signal: AbortSignal.abort() });

    const usage = ["Usage: mp3drop", entry.name, entry.words, "[options]"]
      .filter((part) => part !== undefined)
      .join(" ");
    expect(code).toBe(0);
    expect(stdout().split("\n", 1)).toEqual([usage]);
    expect(stdout()).toMatch(/\n\nExamples\n {2}.*mp3drop/);
  },
);
