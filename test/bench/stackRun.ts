import type { CommandContext } from "../../src/cli/commandContext.ts";
import { convertAll } from "../../src/cli/convert/convertAll.ts";
import { collectSources } from "../../src/cli/convert/sources.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import type { Target } from "../../src/cli/convert/target.ts";

interface StackRun {
  readonly wallMs: number;
  /** From the end of the upload to the record, for each file. */
  readonly latenciesMs: readonly number[];
}

/** Uploads, converts and downloads as the command `convert` does. Throws when a conversion fails. */
export async function convertOnStack(
  target: Target,
  paths: readonly string[],
  out: string,
  { folder, signal }: CommandContext,
): Promise<StackRun> {
  const uploadedAt = new Map<string, number>();
  const startedAt = performance.now();
  const { sources } = collectSources(paths, folder, out, [mp3]);
  const outcomes = await convertAll(sources, {
    target,
    signal,
    onStage: ({ path }, { step }) => {
      if (step === "uploaded") uploadedAt.set(path, Date.now());
    },
    onAnswer: () => {},
  });
  const wallMs = performance.now() - startedAt;
  const latenciesMs = outcomes.map(({ source: { path }, answer: { status, error, times } }) => {
    if (status !== "succeeded") throw new Error(`${path} was not converted: ${error?.code} ${error?.message}`);
    return Date.parse(times.recordedAt) - (uploadedAt.get(path) ?? Number.NaN);
  });
  return { wallMs, latenciesMs };
}
