import { parseOptions, seeHelp, wrongUsage } from "./args.ts";
import type { Options, Parsed } from "./args.ts";
import { EXIT, EXIT_CODES_HELP } from "./exitCodes.ts";
import type { CommandText } from "./helpText.ts";
import { helpText } from "./helpText.ts";
import type { Output } from "./output.ts";

/** What a program is given to work with. */
export interface Context {
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Says who is to judge errors that nobody caught, for a program that runs code of others. What it does not take is a bug. */
  readonly onUncaught?: (takes: (error: unknown) => boolean) => void;
}

export interface Command<Known extends Options, Surroundings extends Context = Context> {
  /** How it is called, for example `mp3drop local`. */
  readonly name: string;
  /** The arguments that it takes besides options, for example `FILE...`. */
  readonly words?: string;
  /** What those can be, for the completion of shells. */
  readonly takes?: "files" | readonly string[];
  /** What it does and every option, including `--help`. */
  readonly help: string;
  /** Without `--help`, which every command has. */
  readonly options: Known;
  /** Resolves with the exit code. */
  readonly run: (args: Parsed<Known>, context: Surroundings) => Promise<number>;
}

/** The command, with a help that is made of its table of options. */
export function describedCommand<Known extends Options & CommandText["options"], Surroundings extends Context>({
  about,
  examples,
  notes = [],
  ...command
}: Omit<Command<Known, Surroundings>, "help"> & Omit<CommandText, "options">): Command<Known, Surroundings> {
  return { ...command, help: helpText({ about, examples, options: command.options, notes }) };
}

const HELP_OPTION = { help: { type: "boolean", short: "h" } } as const;

export async function runCommand<Known extends Options, Surroundings extends Context>(
  command: Command<Known, Surroundings>,
  argv: readonly string[],
  context: Surroundings,
): Promise<number> {
  const { name, words, options, run } = command;
  const parsed = parseOptions(name, argv, { ...options, ...HELP_OPTION }) as Parsed<Known & typeof HELP_OPTION>;
  if ((parsed.values as { help?: boolean }).help) {
    context.output.result(helpOf(command));
    return EXIT.ok;
  }
  const [word] = parsed.positionals;
  if (words === undefined && word !== undefined) throw wrongUsage(`"${word}" is not an option`, seeHelp(name));
  return run(parsed as Parsed<Known>, context);
}

function helpOf({
  name,
  words,
  help,
}: Pick<Command<Options>, "name" | "help"> & { words?: string | undefined }): string {
  const usage = [name, words, "[options]"].filter((part) => part !== undefined).join(" ");
  return `Usage: ${usage}\n\n${help.trimEnd()}\n\n${EXIT_CODES_HELP.trimEnd()}`;
}
