import type { OrchestrationContext, Task } from "durable-functions";
import type { Step } from "../durable.ts";
import { CANCEL_EVENT } from "../model/conversion.ts";

/** Whether somebody has asked to cancel the conversion, at any time in this generation of the orchestration. */
export interface Cancellation {
  isRequested(): boolean;
  /** Waits until the given time or a request to cancel, whichever comes first. */
  sleepUntil(time: Date): Step<void>;
}

/**
 * An event goes to the newest of the tasks that wait for it, and may come at any time, even while nothing waits. So
 * each sleep makes a task of its own, as the host counts them, and all are checked.
 */
export function createCancellation(context: OrchestrationContext): Cancellation {
  const waiters: Task[] = [];
  const isRequested = (): boolean => waiters.some(({ isCompleted }) => isCompleted);
  return {
    isRequested,
    *sleepUntil(time) {
      const timer = context.df.createTimer(time);
      const cancelled = context.df.waitForExternalEvent(CANCEL_EVENT);
      waiters.push(cancelled);
      yield context.df.Task.any([timer, cancelled]);
      if (!timer.isCompleted) timer.cancel();
    },
  };
}
