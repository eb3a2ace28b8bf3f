#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findAppRoot } from "../local/kit/appRoot.ts";
import { wrongUsage } from "../local/kit/commandLine/args.ts";
import { closestTo } from "../local/kit/commandLine/closest.ts";
import type { Context } from "../local/kit/commandLine/command.ts";
import { EXIT } from "../local/kit/commandLine/exitCodes.ts";
import { runMain } from "../local/kit/commandLine/runMain.ts";
import { COMMANDS } from "./commandTable.ts";
import { helpOfAll } from "./help.ts";
import { workingFolder } from "./workingFolder.ts";

const PACKAGE_FOLDER = findAppRoot();

await runMain((argv, context) => dispatch(argv, context));

async function dispatch([word, ...argv]: readonly string[], kit: Context): Promise<number> {
  const context = { ...kit, folder: workingFolder(kit.env, process.cwd(), PACKAGE_FOLDER) };
  const { output } = context;
  // `mp3drop help list` is `mp3drop list --help`.
  const [name, args] = word === "help" && argv[0] !== undefined ? [argv[0], ["--help"]] : [word, argv];
  const command = COMMANDS.find((candidate) => candidate.name === name);
  if (command !== undefined) return command.run(args, context);
  switch (name) {
    case "--help":
    case "-h":
    case "help":
      output.result(helpOfAll());
      return EXIT.ok;
    case "--version":
      output.result(packageVersion());
      return EXIT.ok;
    case undefined:
      output.note(helpOfAll());
      return EXIT.userMistake;
    default: {
      const nearest = closestTo(name, [...COMMANDS.map((known) => known.name), "--help", "--version"]);
      const hint = nearest === undefined ? "See `mp3drop --help`." : `Did you mean \`mp3drop ${nearest}\`?`;
      throw wrongUsage(`There is no command "${name}"`, hint);
    }
  }
}

function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_FOLDER, "package.json"), "utf8")) as { version: string };
  return version;
}
