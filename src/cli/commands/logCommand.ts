import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { printable, printableJson } from "../../local/kit/commandLine/printable.ts";
import type { CommandContext } from "../commandContext.ts";
import { findConversion } from "../manage/findConversion.ts";
import { onlyWord } from "../manage/ids.ts";
import { APP_NOTE, APP_OPTIONS, openApp } from "../manage/openApp.ts";

const OPTIONS = {
  json: { type: "boolean", default: false, help: 'one JSON document on stdout: {"id", "log"}' },
  ...APP_OPTIONS,
} as const satisfies OptionTable;

export const LOG = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop log",
  words: "ID|NAME",
  takes: "files",
  about: "Prints what the program that converted a file has said; while it runs, what it has said so far.",
  examples: [
    ["mp3drop log notes.mp4", "of the newest conversion of the blob notes.mp4"],
    ["mp3drop log notes.mp4 | tail", ""],
    ["mp3drop log --azure 3f2a4c…", "of the one with this id (32 digits), in Azure"],
  ],
  notes: [APP_NOTE],
  options: OPTIONS,
  run: log,
});

async function log({ values, positionals }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const word = onlyWord("mp3drop log", positionals);
  const { api } = await openApp(values, context);
  const id = await findConversion(api, word, signal);
  const text = await api.readLog(id, signal);
  if (values.json) output.result(printableJson({ id, log: text }, 2));
  else if (text.trim() === "") output.note("The log is empty.");
  else output.result(shown(text));
  return EXIT.ok;
}

/** Programs end lines in several ways, and indent with tabs; a terminal gets nothing else to obey. */
function shown(text: string): string {
  const lines = text.trimEnd().split(/\r\n|\n|\r/);
  return lines.map((line) => line.split("\t").map(printable).join("\t")).join("\n");
}
