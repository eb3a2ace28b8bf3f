import type { OrchestrationContext } from "durable-functions";
import * as df from "durable-functions";
import type { Step } from "../durable.ts";
import type { ConversionInput } from "./contract.ts";
import { CONVERT_BLOB } from "./contract.ts";
import { endLeftovers } from "./endLeftovers.ts";
import { haveTold } from "./haveTold.ts";
import { logged } from "./logged.ts";
import { ofThisVersion } from "./ofThisVersion.ts";
import { publishResult } from "./publishResult.ts";
import { recordEnd } from "./recordEnd.ts";
import type { Run } from "./run.ts";
import { beginRun } from "./run.ts";
import type { ConversionResult, Finished, Stage } from "./stage.ts";
import { submit } from "./submit.ts";
import { beginAttempt } from "./transitions.ts";
import { watchTask } from "./watchTask.ts";

/** Each repeated round adds some six to twenty events to the history, which is replayed at every turn. */
const MAX_REPEATS_PER_GENERATION = 40;

/**
 * Makes of one version of one blob what its workload makes of it, in as many attempts as it takes. It is replayed from
 * its history at every turn, so it only decides: no clock, no randomness, and no I/O except through activities and timers.
 */
export function* convertBlob(context: OrchestrationContext): Step<ConversionResult | undefined> {
  const input = context.df.getInput<ConversionInput>();
  const run = beginRun(context, input);
  let stage: Stage = input.resumed?.stage ?? beginAttempt(run, run.firstAttempt, null);
  let repeats = 0;
  while (stage.name !== "finished") {
    if (repeats === MAX_REPEATS_PER_GENERATION) {
      const { startedAt } = run.conversion;
      const resumed = { stage, progress: run.progress() };
      context.df.continueAsNew({ ...input, firstAttempt: run.firstAttempt, startedAt, resumed });
      return undefined;
    }
    const next: Stage = yield* goOn(run, stage);
    if (next.name === stage.name || isRenewal(next)) repeats++;
    stage = next;
  }
  run.report(stage.attempt, "finished");
  return stage.result;
}

/** It leads back to the stage that it comes from. */
function isRenewal(stage: Stage): boolean {
  return stage.name === "submitting" && stage.renewed !== undefined;
}

/** One round: the next stage, or the same one where it has to be repeated. */
function goOn(run: Run, stage: Exclude<Stage, Finished>): Step<Stage> {
  switch (stage.name) {
    case "submitting":
      return submit(run, stage);
    case "watching":
      return watchTask(run, stage);
    case "publishing":
      return publishResult(run, stage);
    case "recording":
      return recordEnd(run, stage);
    case "ending":
      return endLeftovers(run, stage);
    case "telling":
      return haveTold(run, stage);
  }
}

df.app.orchestration(CONVERT_BLOB, ofThisVersion(logged(convertBlob)));
