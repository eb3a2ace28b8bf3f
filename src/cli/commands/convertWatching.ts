import { statSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { seeHelp, wrongUsage } from "../../local/kit/commandLine/args.ts";
import { EXIT } from "../../local/kit/commandLine/exitCodes.ts";
import { printable, printableJson } from "../../local/kit/commandLine/printable.ts";
import { doAndUndo } from "../../local/kit/undo.ts";
import type { ConversionRecord } from "../../model/conversion.ts";
import type { Workload } from "../../workloads/workload.ts";
import type { CommandContext } from "../commandContext.ts";
import { ClientFailure } from "../convert/clientFailure.ts";
import { failedAnswer } from "../convert/conversionAnswer.ts";
import { createConverter } from "../convert/convertAll.ts";
import { createLabels, nameOf } from "../convert/labels.ts";
import { openTarget } from "../convert/openTarget.ts";
import { ensureOutFolder, problemsWithResultPaths } from "../convert/resultPaths.ts";
import type { Skipped } from "../convert/skipped.ts";
import type { Source } from "../convert/sources.ts";
import { describeReason, describeSuccess } from "../convert/summary.ts";
import { systemReason } from "../convert/systemReason.ts";
import type { TargetOptions } from "../convert/target.ts";
import type { WatchClock } from "../convert/watchFolder.ts";
import { FolderWatch } from "../convert/watchFolder.ts";
import { Progress } from "../progress.ts";

/** A file that changes again and again while it is uploaded is given up in the end. */
const MAX_CHANGES = 10;

export interface WatchingOptions {
  readonly args: readonly string[];
  readonly out: string | undefined;
  readonly keepsResults: boolean;
  readonly json: boolean;
  readonly workloads: readonly Workload[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly target: TargetOptions;
}

const SYSTEM_CLOCK: WatchClock = {
  now: Date.now,
  pause: (ms, signal) => delay(ms, undefined, { signal }),
};

/** Converts what is in a folder and what appears in it, until Ctrl-C or until the folder is gone. */
export async function convertWatching(
  options: WatchingOptions,
  context: CommandContext,
  clock: WatchClock = SYSTEM_CLOCK,
): Promise<number> {
  const { output, folder, signal: interrupted } = context;
  const root = watchedFolder(options.args, folder);
  if (options.out !== undefined) ensureOutFolder(resolve(folder, options.out));
  const target = await openTarget(options.target, context);
  const lost = new AbortController();
  target.lost.catch((reason: unknown) => lost.abort(reason));
  const signal = AbortSignal.any([interrupted, lost.signal]);
  const progress = new Progress(output, undefined);
  const answers: ConversionRecord[] = [];
  const skipped: Skipped[] = [];
  const batches = new Set<Promise<unknown>>();
  const labels = new Map<Source, string>();
  const changes = new Map<string, number>();
  let failure: unknown;

  const labelOf = (source: Source): string => labels.get(source) ?? nameOf(source.path, folder);
  const onAnswer = (source: Source, answer: ConversionRecord, watch: FolderWatch): void => {
    const label = labelOf(source);
    labels.delete(source);
    const code = answer.error?.code;
    const changed = (changes.get(source.path) ?? 0) + 1;
    if (code === "Changed" && changed < MAX_CHANGES) {
      changes.set(source.path, changed);
      watch.giveBack(source);
      progress.forget(label);
      return;
    }
    changes.delete(source.path);
    if (code === "NotFound" || code === "Superseded") {
      progress.forget(label);
      output.note(`${label}: ${code === "NotFound" ? "it is gone" : "replaced by a newer one"}`);
      return;
    }
    answers.push(answer);
    if (answer.status === "succeeded") progress.succeeded(label, describeSuccess(source, answer, folder));
    else progress.failed(label, describeReason(answer));
  };

  const watch = new FolderWatch({
    root,
    folder,
    out: options.out,
    keepsResults: options.keepsResults,
    workloads: options.workloads,
    signal,
    clock,
    onReady: (sources) => begin(sources),
    onGrowing: (path) => progress.update(nameOf(path, folder), { step: "growing" }),
    onGone: (path) => {
      progress.forget(nameOf(path, folder));
      output.note(`${nameOf(path, folder)}: it is gone`);
    },
    onKept: (path) => progress.forget(nameOf(path, folder)),
    onSkipped: (entry) => {
      skipped.push(entry);
      output.note(`Skipped ${nameOf(entry.path, folder)}: ${printable(entry.message)}`);
    },
  });
  const convert = createConverter({
    target,
    signal,
    metadata: options.metadata,
    onStage: (source, stage) => progress.update(labelOf(source), stage),
    onAnswer: (source, answer) => onAnswer(source, answer, watch),
  });
  const begin = (sources: readonly Source[]): void => {
    const describe = createLabels(sources, folder);
    for (const source of sources) {
      progress.forget(nameOf(source.path, folder));
      labels.set(source, describe(source));
    }
    const problems = problemsWithResultPaths(sources.map(({ resultPath }) => resultPath));
    for (const source of sources) {
      const problem = problems.get(source.resultPath);
      if (problem === undefined) continue;
      const facts = { startedAt: new Date(clock.now()).toISOString() };
      onAnswer(source, failedAnswer(problem, source, target.app.containers.input, facts), watch);
    }
    const batch = convert(sources.filter(({ resultPath }) => !problems.has(resultPath)))
      .catch((error: unknown) => {
        if (!signal.aborted) failure ??= error;
      })
      .finally(() => batches.delete(batch));
    batches.add(batch);
  };

  const work = async (): Promise<boolean> => {
    output.note(`Watching ${printable(root)}`);
    progress.start();
    try {
      await watch.run();
    } catch (error) {
      output.note(`${printable(root)} cannot be watched any more: ${printable(systemReason(error))}`);
      await Promise.all(batches);
      return false;
    }
    await Promise.all(batches);
    return true;
  };
  const isWatched = await doAndUndo(work, [() => target.close(interrupted), () => progress.close()]);
  if (failure !== undefined) throw failure;
  const unfinished = labels.size;
  const failed = answers.filter(({ status }) => status !== "succeeded").length;
  output.note(summary(answers.length - failed, failed, unfinished));
  if (options.json) output.result(printableJson({ conversions: answers, skipped }, 2));
  if (lost.signal.reason instanceof ClientFailure) output.note(lost.signal.reason.message);
  return isWatched && failed === 0 && !lost.signal.aborted ? EXIT.ok : EXIT.someFailed;
}

function watchedFolder(args: readonly string[], folder: string): string {
  const [arg, ...more] = args;
  if (arg === undefined) throw wrongUsage("No folder was given", seeHelp("mp3drop convert"));
  if (more.length > 0) throw wrongUsage(`--watch takes one folder, not ${args.length}`, seeHelp("mp3drop convert"));
  const path = resolve(folder, arg);
  try {
    if (statSync(path).isDirectory()) return path;
  } catch (error) {
    throw wrongUsage(`${printable(arg)}: ${systemReason(error)}`, "Name a folder that is there.");
  }
  throw wrongUsage(`${printable(arg)}: --watch takes a folder`, "Name the folder that it is in.");
}

function summary(succeeded: number, failed: number, unfinished: number): string {
  const counts = [`${succeeded} converted`];
  if (failed > 0) counts.push(`${failed} failed`);
  if (unfinished > 0) counts.push(`${unfinished} not finished; \`mp3drop list\` shows what becomes of them`);
  return counts.join(", ");
}
