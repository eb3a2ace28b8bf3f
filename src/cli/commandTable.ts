import type { Options } from "../local/kit/commandLine/args.ts";
import type { Command } from "../local/kit/commandLine/command.ts";
import { runCommand } from "../local/kit/commandLine/command.ts";
import type { OptionTable } from "../local/kit/commandLine/helpText.ts";
import { UserError } from "../local/kit/userError.ts";
import type { CommandContext } from "./commandContext.ts";
import type { CompletedCommand } from "./completion/completedCommand.ts";

interface Entry {
  readonly name: string;
  /** The arguments that it takes besides options. */
  readonly words: string | undefined;
  /** One line for the list of commands. */
  readonly summary: string;
  readonly describe: () => Promise<CompletedCommand>;
  readonly run: (argv: readonly string[], context: CommandContext) => Promise<number>;
}

/**
 * All commands of mp3drop, in the order of the help. Each is loaded when it is called: they need different libraries, and
 * loading them takes time.
 */
export const COMMANDS: readonly Entry[] = [
  entry("convert", "FILE|DIR...", "convert files and fetch the results", async () => {
    return (await import("./commands/convertCommand.ts")).CONVERT;
  }),
  entry("list", undefined, "the conversions of an app, the newest first; --watch follows them", async () => {
    return (await import("./commands/listCommand.ts")).LIST;
  }),
  entry("status", "ID|NAME", "all about one conversion", async () => {
    return (await import("./commands/statusCommand.ts")).STATUS;
  }),
  entry("log", "ID|NAME", "what the program that converted it has said", async () => {
    return (await import("./commands/logCommand.ts")).LOG;
  }),
  entry("retry", "[ID|NAME...]", "convert again what has failed", async () => {
    return (await import("./commands/retryCommand.ts")).RETRY;
  }),
  entry("cancel", "ID|NAME...", "end running conversions", async () => {
    return (await import("./commands/cancelCommand.ts")).CANCEL;
  }),
  entry("clean", undefined, "delete converted inputs, the job and the pool, if you say yes", async () => {
    return (await import("./commands/cleanCommand.ts")).CLEAN;
  }),
  entry("local", undefined, "run storage, Batch and Functions on this machine until Ctrl-C", async () => {
    return (await import("./commands/localCommand.ts")).LOCAL;
  }),
  entry(
    "doctor",
    undefined,
    "look at everything that has to be right, here or in Azure, and say what to do",
    async () => {
      return (await import("./commands/doctorCommand.ts")).DOCTOR;
    },
  ),
  entry("batch-emulator", undefined, "run the Batch emulator alone, for any client", async () => {
    const { BATCH_EMULATOR } = await import("../local/batchEmulator/command.ts");
    return { ...BATCH_EMULATOR, name: "mp3drop batch-emulator" };
  }),
  entry("functions-host", undefined, "run the Functions host alone, with any app", async () => {
    const { FUNCTIONS_HOST } = await import("../local/functionsHost/command.ts");
    return { ...FUNCTIONS_HOST, name: "mp3drop functions-host" };
  }),
  entry(
    "completion",
    "bash|zsh|fish",
    "print a script that completes commands, options and files in a shell",
    async () => {
      return (await import("./commands/completionCommand.ts")).completionCommand(describeAll);
    },
  ),
];

/** What the completion of shells needs to know of every command. */
function describeAll(): Promise<CompletedCommand[]> {
  return Promise.all(COMMANDS.map(({ describe }) => describe()));
}

function entry<Known extends Options & OptionTable>(
  name: string,
  words: string | undefined,
  summary: string,
  load: () => Promise<Command<Known, CommandContext>>,
): Entry {
  const loaded = (): ReturnType<typeof load> => load().catch(tellOfMissingPackage);
  return {
    name,
    words,
    summary,
    describe: async () => {
      const { options, takes } = await loaded();
      return { name, summary, options, takes };
    },
    run: async (argv, context) => runCommand(await loaded(), argv, context),
  };
}

/** The packages of the emulators are optional ones, which an installation may leave out without a word. */
function tellOfMissingPackage(cause: Error): never {
  const name = /^Cannot find package '([^']+)'/.exec(cause.message)?.[1];
  if (name === undefined) throw cause;
  throw new UserError("PackageMissing", `The package ${name}, which this command needs, is not installed`, {
    cause,
    hint: "Install mp3drop again, without --omit=optional.",
  });
}
