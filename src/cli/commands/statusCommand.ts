import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { printableJson } from "../../local/kit/commandLine/printable.ts";
import type { CommandContext } from "../commandContext.ts";
import { findConversion } from "../manage/findConversion.ts";
import { onlyWord } from "../manage/ids.ts";
import { APP_NOTE, APP_OPTIONS, openApp } from "../manage/openApp.ts";
import { statusText } from "../manage/statusText.ts";

const OPTIONS = {
  json: {
    type: "boolean",
    default: false,
    help: "the answer of the app, with the record: one JSON document on stdout",
  },
  ...APP_OPTIONS,
} as const satisfies OptionTable;

export const STATUS = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop status",
  words: "ID|NAME",
  takes: "files",
  about: "Tells everything about one conversion: how far it is and why it waits, or how it ended and what to do.",
  examples: [
    ["mp3drop status intro.mp4", "the newest conversion of the blob intro.mp4"],
    ["mp3drop status 3f2a4c…", "the one with this id, as `mp3drop list` shows it (32 digits)"],
    ["mp3drop status --json talks/intro.mp4 | jq .record.output.url", "where its result is"],
  ],
  notes: [APP_NOTE, "The exit code is 0 however the conversion ended, and 2 if there is none."],
  options: OPTIONS,
  run: status,
});

async function status({ values, positionals }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const word = onlyWord("mp3drop status", positionals);
  const { api } = await openApp(values, context);
  const view = await api.read(await findConversion(api, word, signal), signal);
  output.result(values.json ? printableJson(view, 2) : statusText(view, Date.now()));
  return EXIT.ok;
}
