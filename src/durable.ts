import type { InvocationContext } from "@azure/functions";
import type { RetryOptions, Task } from "durable-functions";
import * as df from "durable-functions";
import { markActivityError } from "./model/activityError.ts";

/** A part of an orchestrator. It is called with `yield*`, so that its result keeps its type. */
export type Step<Result> = Generator<Task, Result>;

/** Calls a registered activity from an orchestrator. */
export type Activity<Input extends object, Output> = (input: Input, retry: RetryOptions) => Step<Output>;

/** How an activity writes to the log of the host. */
interface ActivityLog {
  readonly warn: (message: string) => void;
}

/**
 * Registers an activity and returns the typed way to call it. Its errors are read with `readActivityError`.
 * The input is an object because the Durable extension does not keep the type of a bare string or boolean.
 */
export function defineActivity<Input extends object, Output>(
  name: string,
  handler: (input: Input, log: ActivityLog) => Promise<Output>,
): Activity<Input, Output> {
  const activity = df.app.activity(name, {
    handler: async (input: unknown, context: InvocationContext) => {
      try {
        return await handler(input as Input, { warn: (message) => context.warn(message) });
      } catch (error) {
        throw markActivityError(error);
      }
    },
  });
  return function* call(input, retry) {
    return (yield activity(input).withRetry(retry)) as Output;
  };
}
