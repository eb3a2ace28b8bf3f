#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findAppRoot } from "../local/kit/appRoot.ts";
import { wrongUsage } from "../local/kit/commandLine/args.ts";
import { closestTo } from "../local/kit/commandLine/closest.ts";
import type { Context } from "../local/kit/commandLine/command.ts";
import { runCommand } from "../local/kit/commandLine/command.ts";
import { EXIT } from "../local/kit/commandLine/exitCodes.ts";
import { runMain } from "../local/kit/commandLine/runMain.ts";
import { HELP } from "./help.ts";
import { workingFolder } from "./workingFolder.ts";

const PACKAGE_FOLDER = findAppRoot();
const COMMANDS = ["convert", "local", "doctor", "batch-emulator", "--help", "--version"];

await runMain(([command, ...argv], context) => dispatch(command, argv, context));

/** Each command is loaded when it is called: they need different libraries, and loading them takes time. */
async function dispatch(command: string | undefined, argv: readonly string[], kit: Context): Promise<number> {
  const context = { ...kit, folder: workingFolder(kit.env, process.cwd(), PACKAGE_FOLDER) };
  const { output } = context;
  switch (command) {
    case "convert": {
      const { CONVERT } = await import("./commands/convertCommand.ts");
      return runCommand(CONVERT, argv, context);
    }
    case "local": {
      const { LOCAL } = await import("./commands/localCommand.ts");
      return runCommand(LOCAL, argv, context);
    }
    case "doctor": {
      const { DOCTOR } = await import("./commands/doctorCommand.ts");
      return runCommand(DOCTOR, argv, context);
    }
    case "batch-emulator": {
      const { BATCH_EMULATOR } = await import("../local/batchEmulator/command.ts");
      return runCommand({ ...BATCH_EMULATOR, name: "mp3drop batch-emulator" }, argv, context);
    }
    case "--help":
    case "-h":
    case "help":
      output.result(HELP.trimEnd());
      return EXIT.ok;
    case "--version":
      output.result(packageVersion());
      return EXIT.ok;
    case undefined:
      output.note(HELP);
      return EXIT.userMistake;
    default: {
      const nearest = closestTo(command, COMMANDS);
      const hint = nearest === undefined ? "See `mp3drop --help`." : `Did you mean \`mp3drop ${nearest}\`?`;
      throw wrongUsage(`There is no command "${command}"`, hint);
    }
  }
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")) as { version: string };
  return version;
}
