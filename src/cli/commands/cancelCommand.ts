import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { printableJson } from "../../local/kit/commandLine/printable.ts";
import type { CommandContext } from "../commandContext.ts";
import { doToEach, OUTCOME_OPTIONS, tellOutcomes } from "../manage/ids.ts";
import { APP_NOTE, APP_OPTIONS, openApp } from "../manage/openApp.ts";

const OPTIONS = {
  ...OUTCOME_OPTIONS,
  ...APP_OPTIONS,
} as const satisfies OptionTable;

export const CANCEL = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop cancel",
  words: "ID|NAME...",
  takes: "files",
  about: "Ends running conversions. Each leaves a record that says so; `mp3drop retry` runs it again.",
  examples: [
    ["mp3drop cancel long.mp4", "the newest conversion of the blob long.mp4"],
    ["mp3drop list --status running --json | jq -r '.conversions[].id' | xargs mp3drop cancel", "all that run"],
  ],
  notes: [
    APP_NOTE,
    "One that has ended is refused; that makes the exit code 1. One whose result is just being published may still succeed: `mp3drop status` says how it ended.",
  ],
  options: OPTIONS,
  run: cancel,
});

async function cancel({ values, positionals }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  if (positionals.length === 0) {
    throw wrongUsage("No conversion was named", `Give ids or names. ${seeHelp("mp3drop cancel")}`);
  }
  const { api } = await openApp(values, context);
  const act = api.cancel.bind(api);
  const conversions = await doToEach(api, positionals, signal, { done: "cancelled", act });
  if (values.json) output.result(printableJson({ conversions }, 2));
  else tellOutcomes(conversions, "is being cancelled", output);
  return conversions.some(({ outcome }) => outcome === "refused") ? EXIT.someFailed : EXIT.ok;
}
