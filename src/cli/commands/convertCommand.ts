import { existsSync } from "node:fs";
import { relative } from "node:path";
import { parseNumber } from "../../local/kit/commandLine/args.ts";
import type { Parsed } from "../../local/kit/commandLine/args.ts";
import type { Command } from "../../local/kit/commandLine/command.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import { doAndUndo } from "../../local/kit/undo.ts";
import type { CommandContext } from "../commandContext.ts";
import { chosenWorkloads } from "../../config.ts";
import type { ConversionRecord } from "../../model/conversion.ts";
import { ClientFailure } from "../convert/clientFailure.ts";
import { CONVERT_HELP, CONVERT_OPTIONS } from "../convert/convertOptions.ts";
import { convertAll } from "../convert/convertAll.ts";
import type { Source } from "../convert/sources.ts";
import { collectSources } from "../convert/sources.ts";
import { openTarget } from "../convert/openTarget.ts";
import { ensureWritableFolders } from "../convert/blobTransfer.ts";
import type { Output } from "../../local/kit/commandLine/output.ts";
import { styled } from "../../local/kit/commandLine/output.ts";
import { printable } from "../../local/kit/commandLine/printable.ts";
import { formatBytes, formatSeconds } from "../format.ts";
import { Progress } from "../progress.ts";

const MAX_TIMEOUT_MINUTES = 20_000;

export const CONVERT: Command<typeof CONVERT_OPTIONS, CommandContext> = {
  name: "mp3drop convert",
  words: "FILE|DIR...",
  help: CONVERT_HELP,
  options: CONVERT_OPTIONS,
  run: convert,
};

async function convert(
  { values, positionals }: Parsed<typeof CONVERT_OPTIONS>,
  context: CommandContext,
): Promise<number> {
  const { output, folder, env } = context;
  const timeoutMinutes = parseNumber("--timeout", values.timeout, {
    min: 0.01,
    max: MAX_TIMEOUT_MINUTES,
    isWhole: false,
    hint: "The app itself gives up after some hours.",
  });
  const startedAt = performance.now();
  const sources = collectSources(positionals, folder, values.out, chosenWorkloads(env)).filter((source) => {
    const isSkipped = values["no-overwrite"] && existsSync(source.resultPath);
    if (isSkipped) {
      output.note(`Skipped ${nameOf(source.path, folder)}: ${nameOf(source.resultPath, folder)} is already there`);
    }
    return !isSkipped;
  });
  ensureWritableFolders(sources);

  const answers =
    sources.length === 0
      ? []
      : await convertSources(sources, timeoutMinutes, context, {
          data: values.data,
          connectionString: values["connection-string"],
          functionsUrl: values["functions-url"],
          verbose: values.verbose,
        });
  if (sources.length === 0) output.note("Nothing is left to convert");
  else summarise(output, folder, sources, answers, performance.now() - startedAt);
  if (values.json) output.result(JSON.stringify({ conversions: answers }, null, 2));
  return answers.every((answer) => answer.status === "succeeded") ? EXIT.ok : EXIT.someFailed;
}

async function convertSources(
  sources: readonly Source[],
  timeoutMinutes: number,
  context: CommandContext,
  options: Parameters<typeof openTarget>[0],
): Promise<ConversionRecord[]> {
  const { output, folder, signal: interrupted } = context;
  const target = await openTarget(options, context);
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(timedOut(timeoutMinutes)), timeoutMinutes * 60_000);
  target.lost.catch((reason: unknown) => giveUp.abort(reason));
  const progress = new Progress(output, sources.length);
  const labelOf = createLabels(sources, folder);
  const work = (): Promise<ConversionRecord[]> =>
    convertAll(sources, {
      target,
      signal: AbortSignal.any([interrupted, giveUp.signal]),
      onStage: (source, stage) => progress.update(labelOf(source), stage),
      onAnswer: (source, answer) => {
        const name = labelOf(source);
        if (answer.status === "succeeded") progress.succeeded(name, describeSuccess(source, answer, folder));
        else progress.failed(name, answer.error?.code ?? answer.status);
      },
    });
  return doAndUndo(work, [() => target.close(interrupted), () => progress.close(), () => clearTimeout(timer)]);
}

function describeSuccess(source: Source, { output, times }: ConversionRecord, folder: string): string {
  const took = formatSeconds(Date.parse(times.recordedAt) - Date.parse(times.startedAt));
  return `→ ${nameOf(source.resultPath, folder)} (${formatBytes(output?.sizeBytes ?? 0)}, ${took})`;
}

function summarise(
  output: Output,
  folder: string,
  sources: readonly Source[],
  answers: readonly ConversionRecord[],
  elapsedMs: number,
): void {
  const failed = answers.filter((answer) => answer.status !== "succeeded");
  const labelOf = createLabels(sources, folder);
  for (const [index, { status, error }] of answers.entries()) {
    const source = sources[index];
    if (status === "succeeded" || source === undefined) continue;
    output.note(`\n${labelOf(source)}: ${styled("red", error?.code ?? status)}`);
    if (error !== null) output.note(indented(error.message, error.hint));
    if (error?.logBlob) output.note(`  Its log: ${printable(error.logBlob)} in the output container`);
  }
  const counted = `${answers.length - failed.length} of ${answers.length} converted in ${formatSeconds(elapsedMs)}`;
  output.note(failed.length === 0 ? counted : `\n${counted}, ${failed.length} failed`);
}

function indented(...texts: readonly string[]): string {
  return texts
    .flatMap((text) => text.split("\n"))
    .map((line) => `  ${printable(line)}`)
    .join("\n");
}

function timedOut(minutes: number): ClientFailure {
  return new ClientFailure(
    "TimedOut",
    `The conversion did not end within ${minutes} minutes`,
    "It may still succeed: its record will appear in the output container. Raise --timeout to wait longer.",
  );
}

/** A file that several workloads take is shown with the name of the workload. */
function createLabels(sources: readonly Source[], folder: string): (source: Source) => string {
  const seen = new Set<string>();
  const shared = new Set(sources.map(({ path }) => path).filter((path) => seen.size === seen.add(path).size));
  return ({ path, workload }) => nameOf(path, folder) + (shared.has(path) ? ` (${workload.name})` : "");
}

/** As short as the user would write it. */
function nameOf(path: string, folder: string): string {
  const short = relative(folder, path);
  return printable(short.startsWith("..") ? path : short);
}
