import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { parseWords } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import type { OptionTable } from "../../local/kit/commandLine/helpText.ts";
import { printableJson } from "../../local/kit/commandLine/printable.ts";
import { UserError } from "../../local/kit/userError.ts";
import type { CommandContext } from "../commandContext.ts";
import { CLEAN_SUBJECTS, clean } from "../manage/clean.ts";
import { APP_OPTIONS, openApp } from "../manage/openApp.ts";
import { Questions } from "../manage/questions.ts";

const OPTIONS = {
  only: {
    type: "string",
    value: "WHAT",
    values: CLEAN_SUBJECTS,
    isList: true,
    help: "ask for these only: inputs, job, pool; several with commas between them",
  },
  yes: { type: "boolean", short: "y", default: false, help: "do not ask: the answer to every question is yes" },
  json: {
    type: "boolean",
    default: false,
    help: 'one JSON document on stdout: {"inputs": {"deleted", "kept"}, "jobs": {"deleted"}, "pool": {"deleted"}}',
  },
  ...APP_OPTIONS,
} as const satisfies OptionTable;

export const CLEAN = describedCommand<typeof OPTIONS, CommandContext>({
  name: "mp3drop clean",
  about:
    "Deletes what is not needed any more, and asks before each: the inputs that were converted, the Batch job, the Batch pool.",
  examples: [
    ["mp3drop clean", "asks three times; the answer is no unless you type y"],
    ["mp3drop clean --only inputs --yes", "deletes the converted inputs, for a script"],
    ["mp3drop clean --azure --only job,pool", "of the deployment of `azd up`, as you are signed in to azd"],
  ],
  notes: [
    "Results, records and logs stay. An input is deleted only if its current version has succeeded, with every workload of the setting WORKLOADS that takes it; one that is replaced in the meantime, or has snapshots or a lease, stays and makes the exit code 1. Job and pool are left alone while conversions run. The app makes a job again when it needs one, and a pool that it has made; the pool of a deployment is made by `azd provision`.",
    "Without --url and --azure, the stack that runs on the data folder is cleaned. For --url, STORAGE__blobServiceUri (or STORAGE) in the environment says in which storage account, and Batch is left to you.",
  ],
  options: OPTIONS,
  run,
});

async function run({ values }: Parsed<typeof OPTIONS>, context: CommandContext): Promise<number> {
  const { output, signal, input = process.stdin } = context;
  const subjects = values.only === undefined ? CLEAN_SUBJECTS : parseWords("--only", values.only, CLEAN_SUBJECTS);
  if (!values.yes && input.isTTY !== true) {
    throw new UserError("NobodyToAsk", "This command asks before it deletes, and there is no terminal to answer at", {
      hint: "Add --yes if it shall delete without asking, and --only to say what.",
    });
  }
  const app = await openApp(values, context);
  // Loaded only here: the libraries take time, and a mistake is told at once.
  const { findPlaces } = await import("../manage/cleanPlaces.ts");
  const questions = values.yes ? undefined : new Questions(output, input, signal);
  try {
    const outcome = await clean({
      app,
      places: findPlaces(app, context.env),
      subjects,
      isYes: (question) => questions?.isYes(question) ?? Promise.resolve(true),
      output,
      signal,
    });
    if (values.json) output.result(printableJson(outcome.done, 2));
    return outcome.isAllDone ? EXIT.ok : EXIT.someFailed;
  } finally {
    questions?.close();
  }
}
