import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { printableJson } from "../../local/kit/commandLine/printable.ts";
import type { CommandContext } from "../commandContext.ts";
import { doToEach, OUTCOME_OPTIONS, tellOutcomes } from "../manage/ids.ts";
import { FILTER_OPTIONS, readSince } from "../manage/listFilter.ts";
import { APP_NOTE, APP_OPTIONS, openApp } from "../manage/openApp.ts";
import { retryAllFailed } from "../manage/retryAllFailed.ts";

const OPTIONS = {
  failed: { type: "boolean", default: false, help: "all that have failed, and fit what else is given" },
  ...FILTER_OPTIONS,
  ...OUTCOME_OPTIONS,
  ...APP_OPTIONS,
} as const satisfies OptionTable;

export const RETRY = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop retry",
  words: "[ID|NAME...]",
  takes: "files",
  about: "Runs failed or cancelled conversions again, under the same id, as new attempts.",
  examples: [
    ["mp3drop retry notes.mp4", "the newest conversion of the blob notes.mp4"],
    ["mp3drop retry --failed", "whatever has failed"],
    ["mp3drop retry --failed --code ConversionTimedOut --prefix talks/", "what has failed in this way below talks"],
    ["mp3drop retry --failed --since 1d --azure", "the uploads of the last day, of the app in Azure"],
  ],
  notes: [
    APP_NOTE,
    "One that runs or has succeeded is refused; that makes the exit code 1. Doing it twice does no harm. It does not wait for the end: `mp3drop list --watch` shows how they go.",
  ],
  options: OPTIONS,
  run: retry,
});

async function retry({ values, positionals }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  const filter = { code: values.code, prefix: values.prefix, since: readSince(values.since, Date.now()) };
  const hasFilter = Object.values(filter).some((value) => value !== undefined);
  checkUsage(positionals, values.failed, hasFilter);
  const { api } = await openApp(values, context);
  const act = api.retry.bind(api);
  const conversions = values.failed
    ? await retryAllFailed(api, filter, signal)
    : await doToEach(api, positionals, signal, { done: "started", act });
  const refused = conversions.filter(({ outcome }) => outcome === "refused").length;
  if (values.json) output.result(printableJson({ conversions }, 2));
  else tellOutcomes(conversions, "is being tried again", output);
  if (values.failed) {
    const none = hasFilter ? "Nothing that has failed fits" : "Nothing has failed";
    const words = conversions.length === 0 ? none : `${conversions.length - refused} are being tried again`;
    output.note(refused === 0 ? words : `${words}, ${refused} were refused`);
  }
  return refused > 0 ? EXIT.someFailed : EXIT.ok;
}

function checkUsage(words: readonly string[], isAllFailed: boolean, hasFilter: boolean): void {
  const help = seeHelp("mp3drop retry");
  if (isAllFailed && words.length > 0) throw wrongUsage("--failed and names exclude each other", help);
  if (isAllFailed) return;
  if (hasFilter) throw wrongUsage("--code, --prefix and --since choose among those that failed", "Add --failed.");
  if (words.length === 0) throw wrongUsage("No conversion was named", `Give ids or names, or --failed. ${help}`);
}
