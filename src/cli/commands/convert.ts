import { existsSync } from "node:fs";
import { relative } from "node:path";
import { doAndUndo } from "../../local/kit/undo.ts";
import { parseCommand, parseNumber } from "../args.ts";
import type { CommandContext } from "../command.ts";
import type { ConversionAnswer } from "../convert/answer.ts";
import { ClientFailure } from "../convert/answer.ts";
import { CONVERT_HELP, CONVERT_OPTIONS } from "../convert/options.ts";
import { convertAll } from "../convert/run.ts";
import type { Source } from "../convert/sources.ts";
import { collectSources } from "../convert/sources.ts";
import { openTarget } from "../convert/target.ts";
import { ensureWritableFolders } from "../convert/transfer.ts";
import type { Output } from "../output.ts";
import { styled } from "../output.ts";
import { formatBytes, formatSeconds, printable } from "../printable.ts";
import { Progress } from "../progress.ts";

const MAX_TIMEOUT_MINUTES = 20_000;

export async function convert(argv: readonly string[], context: CommandContext): Promise<number> {
  const { output, folder } = context;
  const { values, positionals } = parseCommand("convert", argv, CONVERT_OPTIONS);
  if (values.help) {
    output.result(CONVERT_HELP.trimEnd());
    return 0;
  }
  const timeoutMinutes = parseNumber("timeout", values.timeout, {
    min: 0.01,
    max: MAX_TIMEOUT_MINUTES,
    isWhole: false,
    hint: "The app itself gives up after some hours.",
  });
  const startedAt = performance.now();
  const sources = collectSources(positionals, folder, values.out).filter((source) => {
    const isSkipped = values["no-overwrite"] && existsSync(source.mp3Path);
    if (isSkipped) output.note(`Skipped ${nameOf(source.path, folder)}: its MP3 is there already`);
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
  summarise(output, folder, sources, answers, performance.now() - startedAt);
  if (values.json) output.result(JSON.stringify({ conversions: answers }, null, 2));
  return answers.every((answer) => answer.status === "succeeded") ? 0 : 1;
}

async function convertSources(
  sources: readonly Source[],
  timeoutMinutes: number,
  context: CommandContext,
  options: Parameters<typeof openTarget>[0],
): Promise<ConversionAnswer[]> {
  const { output, folder, signal: interrupted } = context;
  const target = await openTarget(options, context);
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(timedOut(timeoutMinutes)), timeoutMinutes * 60_000);
  target.lost.catch((reason: unknown) => giveUp.abort(reason));
  const progress = new Progress(output, sources.length);
  const work = (): Promise<ConversionAnswer[]> =>
    convertAll(sources, {
      target,
      signal: AbortSignal.any([interrupted, giveUp.signal]),
      onStage: (source, stage) => progress.update(nameOf(source.path, folder), stage),
      onAnswer: (source, answer) => {
        const name = nameOf(source.path, folder);
        if (answer.status === "succeeded") progress.succeeded(name, describeSuccess(source, answer, folder));
        else progress.failed(name, answer.error?.code ?? answer.status);
      },
    });
  return doAndUndo(work, [() => target.close(interrupted), () => progress.close(), () => clearTimeout(timer)]);
}

function describeSuccess(source: Source, { output, times }: ConversionAnswer, folder: string): string {
  const took = formatSeconds(Date.parse(times.recordedAt) - Date.parse(times.startedAt));
  return `→ ${nameOf(source.mp3Path, folder)} (${formatBytes(output?.sizeBytes ?? 0)}, ${took})`;
}

function summarise(
  output: Output,
  folder: string,
  sources: readonly Source[],
  answers: readonly ConversionAnswer[],
  elapsedMs: number,
): void {
  const failed = answers.filter((answer) => answer.status !== "succeeded");
  for (const [index, { status, error }] of answers.entries()) {
    const source = sources[index];
    if (status === "succeeded" || source === undefined) continue;
    output.note(`\n${nameOf(source.path, folder)}: ${styled("red", error?.code ?? status)}`);
    if (error !== null) output.note(indented(error.message, error.hint));
    if (error?.logBlob) output.note(`  ffmpeg's log: ${printable(error.logBlob)} in the output container`);
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
    `The conversion had not ended after ${minutes} minutes`,
    "It may still succeed: its record will appear in the output container. Raise --timeout to wait longer.",
  );
}

/** As short as the user would write it. */
function nameOf(path: string, folder: string): string {
  const short = relative(folder, path);
  return printable(short.startsWith("..") ? path : short);
}
