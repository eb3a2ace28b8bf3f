import { setTimeout as delay } from "node:timers/promises";
import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { wrongUsage } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import { printableJson } from "../../local/kit/commandLine/printable.ts";
import type { CommandContext } from "../commandContext.ts";
import { FILTER_OPTIONS, STATUS_OPTION, readLimit, readSince, readStatus } from "../manage/listFilter.ts";
import { listPages } from "../manage/listPages.ts";
import { APP_NOTE, APP_OPTIONS, openApp } from "../manage/openApp.ts";
import { countsLine, listRow, listTitles } from "../manage/rows.ts";
import { watchList } from "../manage/watchList.ts";

const OPTIONS = {
  status: STATUS_OPTION,
  ...FILTER_OPTIONS,
  limit: { type: "string", value: "N", default: "50", help: "how many at most (default 50)" },
  watch: {
    type: "boolean",
    default: false,
    help: "show how they go, until Ctrl-C; in a pipe, one line for each change",
  },
  json: { type: "boolean", default: false, help: "the answer of the app: one JSON document on stdout" },
  ...APP_OPTIONS,
} as const satisfies OptionTable;

export const LIST = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop list",
  about: "Lists the conversions of an app, the newest upload first: how far they are, or how they ended.",
  examples: [
    ["mp3drop list", "of the stack that runs on .mp3drop"],
    ["mp3drop list --watch", "with bars, until Ctrl-C"],
    ["mp3drop list --status failed --since 2h", "what has failed of the uploads of the last two hours"],
    ["mp3drop list --azure --prefix talks/", "of the app that `azd up` has deployed"],
    ["mp3drop list --status running --json | jq -r '.conversions[].id'", "ids for a script"],
  ],
  notes: [APP_NOTE],
  options: OPTIONS,
  run: list,
});

async function list({ values }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal } = context;
  if (values.watch && values.json) {
    throw wrongUsage("--watch and --json exclude each other", "Call `mp3drop list --json` as often as you like.");
  }
  const filter = {
    status: readStatus(values.status),
    code: values.code,
    prefix: values.prefix,
    since: readSince(values.since, Date.now()),
  };
  const limit = readLimit(values.limit);
  const app = await openApp(values, context);
  if (values.watch) {
    const pause = (ms: number, until: AbortSignal): Promise<unknown> => delay(ms, undefined, { signal: until });
    await watchList({ app, filter, limit, output, signal, now: Date.now, pause });
    return EXIT.ok;
  }
  const found = await listPages(app.api, filter, limit, signal);
  if (values.json) {
    output.result(printableJson(found, 2));
    return EXIT.ok;
  }
  if (found.conversions.length > 0) output.note(styled("dim", listTitles()));
  const now = Date.now();
  for (const conversion of found.conversions) output.result(listRow(conversion, now));
  const more = found.continuation === null ? "" : `; there are more: --limit ${limit * 4}`;
  output.note(`${found.conversions.length === 0 ? "" : "\n"}${countsLine(found.counts)}${more}`);
  return EXIT.ok;
}
