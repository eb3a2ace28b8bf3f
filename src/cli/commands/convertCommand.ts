import { parseNumber } from "../../local/kit/commandLine/args.ts";
import type { Parsed } from "../../local/kit/commandLine/args.ts";
import { describedCommand } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import { printable, printableJson } from "../../local/kit/commandLine/printable.ts";
import { doAndUndo } from "../../local/kit/undo.ts";
import { chosenWorkloads } from "../../config.ts";
import type { CommandContext } from "../commandContext.ts";
import type { ConversionRecord } from "../../model/conversion.ts";
import { ClientFailure } from "../convert/clientFailure.ts";
import { CONVERT_OPTIONS, CONVERT_TEXT } from "../convert/convertOptions.ts";
import { convertAll } from "../convert/convertAll.ts";
import { metadataOf } from "../convert/metadataOptions.ts";
import { convertWatching } from "./convertWatching.ts";
import { createLabels, nameOf } from "../convert/labels.ts";
import { openTarget } from "../convert/openTarget.ts";
import type { Plan } from "../convert/plan.ts";
import { planConversions } from "../convert/plan.ts";
import { isProblem } from "../convert/skipped.ts";
import type { Source } from "../convert/sources.ts";
import { countOutcomes, describeFailure, describeSuccess } from "../convert/summary.ts";
import { Progress } from "../progress.ts";

const MAX_TIMEOUT_MINUTES = 20_000;

export const CONVERT = describedCommand<typeof CONVERT_OPTIONS, CommandContext>({
  name: "mp3drop convert",
  words: "FILE|DIR...",
  takes: "files",
  ...CONVERT_TEXT,
  options: CONVERT_OPTIONS,
  run: convert,
});

async function convert(
  { values, positionals }: Parsed<typeof CONVERT_OPTIONS>,
  context: CommandContext,
): Promise<number> {
  const { output, folder, env } = context;
  const workloads = chosenWorkloads(env);
  const metadata = metadataOf(values, workloads);
  const targetOptions = {
    data: values.data,
    connectionString: values["connection-string"],
    functionsUrl: values["functions-url"],
    verbose: values.verbose,
  };
  if (values.watch) {
    const { out, json, "no-overwrite": keepsResults } = values;
    const options = { args: positionals, out, keepsResults, json, workloads, metadata, target: targetOptions };
    return convertWatching(options, context);
  }
  const timeoutMinutes = parseNumber("--timeout", values.timeout, {
    min: 0.01,
    max: MAX_TIMEOUT_MINUTES,
    isWhole: false,
    hint: "It is in minutes; without it, 720.",
  });
  const startedAt = performance.now();
  const { wanted, ready, refused, skipped } = planConversions(positionals, {
    out: values.out,
    keepsResults: values["no-overwrite"],
    folder,
    env,
  });
  for (const { path, message } of skipped) output.note(`Skipped ${nameOf(path, folder)}: ${printable(message)}`);

  const labelOf = createLabels(wanted, folder);
  const converted =
    ready.length === 0
      ? new Map<Source, ConversionRecord>()
      : await convertSources({ ready, refused, labelOf, metadata }, timeoutMinutes, context, targetOptions);
  const outcomes = wanted.flatMap((source) => {
    const answer = refused.get(source) ?? converted.get(source);
    return answer === undefined ? [] : [{ source, answer }];
  });
  for (const { source, answer } of outcomes) {
    if (answer.status !== "succeeded") output.note(`\n${describeFailure(labelOf(source), answer)}`);
  }
  const conversions = outcomes.map(({ answer }) => answer);
  const isWell = conversions.every(({ status }) => status === "succeeded");
  const counts = countOutcomes(conversions, skipped.length, performance.now() - startedAt);
  output.note(isWell ? counts : `\n${counts}`);
  if (values.json) output.result(printableJson({ conversions, skipped }, 2));
  return isWell && !skipped.some(isProblem) ? EXIT.ok : EXIT.someFailed;
}

async function convertSources(
  {
    ready,
    refused,
    labelOf,
    metadata,
  }: Pick<Plan, "ready" | "refused"> & {
    readonly labelOf: (source: Source) => string;
    readonly metadata: Readonly<Record<string, string>>;
  },
  timeoutMinutes: number,
  context: CommandContext,
  options: Parameters<typeof openTarget>[0],
): Promise<Map<Source, ConversionRecord>> {
  const { output, folder, signal: interrupted } = context;
  const target = await openTarget(options, context);
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(timedOut(timeoutMinutes)), timeoutMinutes * 60_000);
  target.lost.catch((reason: unknown) => giveUp.abort(reason));
  const progress = new Progress(output, ready.length + refused.size);
  const onAnswer = (source: Source, answer: ConversionRecord): void => {
    const label = labelOf(source);
    if (answer.status === "succeeded") progress.succeeded(label, describeSuccess(source, answer, folder));
    else progress.failed(label, printable(answer.error?.code ?? answer.status));
  };
  const work = async (): Promise<Map<Source, ConversionRecord>> => {
    for (const [source, answer] of refused) onAnswer(source, answer);
    const answers = await convertAll(ready, {
      target,
      metadata,
      signal: AbortSignal.any([interrupted, giveUp.signal]),
      onStage: (source, stage) => progress.update(labelOf(source), stage),
      onAnswer,
    });
    return new Map(answers.map(({ source, answer }) => [source, answer]));
  };
  return doAndUndo(work, [() => target.close(interrupted), () => progress.close(), () => clearTimeout(timer)]);
}

function timedOut(minutes: number): ClientFailure {
  return new ClientFailure(
    "TimedOut",
    `The conversion did not end within ${minutes} minutes`,
    "It may still succeed: its record will appear in the output container. Raise --timeout to wait longer.",
  );
}
