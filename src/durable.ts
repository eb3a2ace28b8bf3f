import type { RetryOptions, Task } from "durable-functions";
import * as df from "durable-functions";

/** A part of an orchestrator, delegated to with `yield*` so that its result keeps its type. */
export type Step<Result> = Generator<Task, Result>;

/** Calls a registered activity from an orchestrator. */
export type Activity<Input extends object, Output> = (input: Input, retry: RetryOptions) => Step<Output>;

/**
 * Registers an activity and returns the typed way to call it.
 * The input is an object because the Durable extension does not keep the type of a bare string or boolean.
 */
export function defineActivity<Input extends object, Output>(
  name: string,
  handler: (input: Input) => Promise<Output>,
): Activity<Input, Output> {
  const activity = df.app.activity(name, { handler: (input: unknown) => handler(input as Input) });
  return function* call(input, retry) {
    return (yield activity(input).withRetry(retry)) as Output;
  };
}
