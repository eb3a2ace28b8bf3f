import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { chosenWorkloads } from "../../config.ts";
import type { ConversionRecord } from "../../model/conversion.ts";
import { failedAnswer } from "./conversionAnswer.ts";
import { nameOf } from "./labels.ts";
import { ensureOutFolder, problemsWithResultPaths } from "./resultPaths.ts";
import type { Skipped } from "./skipped.ts";
import type { Source } from "./sources.ts";
import { collectSources } from "./sources.ts";
import { containersFrom } from "./storageSettings.ts";

export interface Plan {
  /** In the order of the arguments. */
  readonly wanted: readonly Source[];
  /** Those of them that can be converted. */
  readonly ready: readonly Source[];
  /** Those of them whose result could not be written, with the answer. */
  readonly refused: ReadonlyMap<Source, ConversionRecord>;
  readonly skipped: readonly Skipped[];
}

interface PlanOptions {
  readonly out: string | undefined;
  /** Whether a file whose result is already there is left alone. */
  readonly keepsResults: boolean;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** What is to be done, and what can be told beforehand. Throws a `UserError` for what is wrong with the arguments. */
export function planConversions(args: readonly string[], { out, keepsResults, folder, env }: PlanOptions): Plan {
  const { sources, skipped } = collectSources(args, folder, out, chosenWorkloads(env));
  const finished = new Set(keepsResults ? sources.filter(({ resultPath }) => existsSync(resultPath)) : []);
  const wanted = sources.filter((source) => !finished.has(source));
  if (out !== undefined && wanted.length > 0) ensureOutFolder(resolve(folder, out));
  const refused = new Map<Source, ConversionRecord>();
  const problems = problemsWithResultPaths(wanted.map(({ resultPath }) => resultPath));
  for (const source of wanted) {
    const problem = problems.get(source.resultPath);
    if (problem === undefined) continue;
    const startedAt = new Date().toISOString();
    refused.set(source, failedAnswer(problem, source, containersFrom(env).input, { startedAt }));
  }
  const withResult = [...finished].map(({ path, resultPath }): Skipped => {
    return { path, code: "ResultExists", message: `${nameOf(resultPath, folder)} is already there` };
  });
  return {
    wanted,
    ready: wanted.filter((source) => !refused.has(source)),
    refused,
    skipped: [...skipped, ...withResult],
  };
}
