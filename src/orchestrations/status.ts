import type { OrchestrationContext } from "durable-functions";
import type { ConversionPhase } from "../model/conversion.ts";

/** The custom status of a conversion's instance: what the user sees while it runs. */
export interface ConversionProgress {
  readonly phase: ConversionPhase;
  readonly percent: number | null;
  readonly waitReason: string | null;
  readonly attempt: number;
}

export function report(
  context: OrchestrationContext,
  attempt: number,
  phase: ConversionPhase,
  details: Partial<Pick<ConversionProgress, "percent" | "waitReason">> = {},
): void {
  const progress: ConversionProgress = { phase, percent: null, waitReason: null, ...details, attempt };
  context.df.setCustomStatus(progress);
}
