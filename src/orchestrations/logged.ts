import type { OrchestrationContext } from "durable-functions";
import type { Step } from "../durable.ts";
import type { ConversionRecord } from "../model/conversion.ts";
import { readActivityError } from "../model/activityError.ts";
import type { ConversionEnd, ConversionStart } from "../model/conversionLog.ts";
import { endMessage, measuresOf, startMessage } from "../model/conversionLog.ts";
import type { Failure } from "../model/failures.ts";
import { failureOf } from "../model/failures.ts";
import { parseTime, secondsBetween } from "../model/time.ts";
import type { ConversionInput } from "./contract.ts";
import type { ConversionResult } from "./stage.ts";

/** It returns undefined when it continues as new. */
export type Orchestrator = (context: OrchestrationContext) => Step<ConversionResult | undefined>;

/**
 * The same orchestrator, but it logs when the conversion starts and how it ends. A turn that a crash interrupted is run
 * again, so a message may come twice, but none is lost.
 */
export function logged(orchestrator: Orchestrator): Orchestrator {
  return function* (context) {
    const { workload, source, firstAttempt = 1, resumed, startedAt } = context.df.getInput<ConversionInput>();
    const began = resumed && startedAt ? parseTime(startedAt) : context.df.currentUtcDateTime;
    const conversionId = context.df.instanceId;
    const start: ConversionStart = { conversionId, workload, name: source.name, firstAttempt };
    const say = (message: string): void => {
      if (!context.df.isReplaying) context.info(message);
    };
    const sayEnd = (end: Omit<ConversionEnd, keyof ConversionStart | "seconds">): void =>
      say(endMessage({ ...start, ...end, seconds: secondsBetween(began, context.df.currentUtcDateTime) }));

    if (resumed === undefined) say(startMessage(start));
    let ended: ConversionResult | undefined;
    try {
      ended = yield* orchestrator(context);
    } catch (error) {
      const { code, reason } = readActivityError(error);
      sayEnd({ outcome: "failed", result: null, failure: failureOf(code, reason), measures: null });
      throw error;
    }
    if (ended !== undefined) {
      const { outcome, record } = ended;
      sayEnd({
        outcome,
        result: record?.output?.name ?? null,
        failure: failureIn(record),
        measures: measuresOf(record),
      });
    }
    return ended;
  };
}

function failureIn(record: ConversionRecord | null): Failure | null {
  if (record === null || record.error === null) return null;
  const { code, message, hint } = record.error;
  return { code, message, hint };
}
