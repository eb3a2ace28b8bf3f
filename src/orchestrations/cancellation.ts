import type { OrchestrationContext } from "durable-functions";
import type { Step } from "../durable.ts";
import { CANCEL_EVENT } from "../model/conversion.ts";
import type { Signal } from "./signal.ts";
import { createSignal } from "./signal.ts";

/** Whether somebody has asked to cancel the conversion, at any time in this generation of the orchestration. */
export interface Cancellation {
  isRequested(): boolean;
  /** Waits until the given time, a request to cancel, or one of the other signals, whichever comes first. */
  sleepUntil(time: Date, ...others: readonly Signal[]): Step<void>;
}

export function createCancellation(context: OrchestrationContext): Cancellation {
  const cancelled = createSignal(context, CANCEL_EVENT);
  return {
    isRequested: () => cancelled.count() > 0,
    *sleepUntil(time, ...others) {
      const timer = context.df.createTimer(time);
      yield context.df.Task.any([timer, ...[cancelled, ...others].map((signal) => signal.wait())]);
      if (!timer.isCompleted) timer.cancel();
    },
  };
}
