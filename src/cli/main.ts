#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "../model/errors.ts";
import { findAppRoot } from "../local/kit/appRoot.ts";
import { withoutProxyForLoopback } from "../local/kit/loopback.ts";
import { UserError } from "../local/kit/userError.ts";
import { wrongUsage } from "./args.ts";
import { closestTo } from "./closest.ts";
import type { CommandContext } from "./command.ts";
import { HELP } from "./help.ts";
import { Output, styled } from "./output.ts";
import { listenForSignals } from "./signals.ts";
import { workingFolder } from "./workingFolder.ts";

const PACKAGE_FOLDER = findAppRoot();
const COMMANDS = ["convert", "local", "batch-emulator"];
const BUG_EXIT_CODE = 70;
/** A handle that some library forgot must not keep a finished command alive. */
const LINGER_MS = 2_000;

const output = new Output();
// Whoever read our output may have left (`… | head`), and a closed terminal takes no more notes.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.on("uncaughtException", (error) => process.exit(report(error)));
process.exitCode = await run(process.argv.slice(2));
setTimeout(() => process.exit(), LINGER_MS).unref();

async function run([command, ...argv]: string[]): Promise<number> {
  try {
    return await dispatch(command, argv);
  } catch (error) {
    return report(error);
  }
}

/** Each command is loaded when it is called: they need different libraries, and loading them takes time. */
async function dispatch(command: string | undefined, argv: string[]): Promise<number> {
  switch (command) {
    case "convert": {
      const { convert } = await import("./commands/convert.ts");
      return await interruptible((context) => convert(argv, context));
    }
    case "local": {
      const { local } = await import("./commands/local.ts");
      return await interruptible((context) => local(argv, context));
    }
    case "batch-emulator": {
      const { BATCH_EMULATOR_HELP, batchEmulator } = await import("./commands/batchEmulator.ts");
      if (argv.includes("--help") || argv.includes("-h")) return say(BATCH_EMULATOR_HELP);
      return await batchEmulator(argv);
    }
    case "--help":
    case "-h":
    case "help":
      return say(HELP);
    case "--version":
      return say(packageVersion());
    case undefined:
      output.note(HELP);
      return 2;
    default: {
      const nearest = closestTo(command, COMMANDS);
      const hint = nearest === undefined ? "See `mp3drop --help`." : `Did you mean \`mp3drop ${nearest}\`?`;
      throw wrongUsage(`There is no command "${command}"`, hint);
    }
  }
}

async function interruptible(run: (context: CommandContext) => Promise<number>): Promise<number> {
  const interruption = listenForSignals((name) => {
    output.note(`${name === "SIGINT" ? "\n" : ""}Stopping … (again: leave at once)`);
  });
  Object.assign(process.env, withoutProxyForLoopback(process.env));
  const folder = workingFolder(process.env, process.cwd(), PACKAGE_FOLDER);
  try {
    const exitCode = await run({ output, env: process.env, folder, signal: interruption.signal });
    return interruption.exitCode ?? exitCode;
  } catch (error) {
    if (interruption.exitCode === undefined) throw error;
    return interruption.exitCode;
  }
}

function report(error: unknown): number {
  if (error instanceof UserError || error instanceof ConfigurationError) {
    output.note(`${styled("red", error.code)}: ${error.message}`);
    if (error instanceof UserError && error.hint !== undefined) output.note(error.hint);
    return 2;
  }
  output.note(styled("red", "This is a bug of mp3drop:"));
  output.note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return BUG_EXIT_CODE;
}

function say(text: string): number {
  output.result(text.trimEnd());
  return 0;
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")) as { version: string };
  return version;
}
