import type { FunctionInput, InvocationContext } from "@azure/functions";
import type { DurableClient, RetryOptions, Task } from "durable-functions";
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
  return register(name, [], (input: Input, context) => handler(input, logOf(context)));
}

/** The same for an activity that starts orchestrations of their own. */
export function defineStarter<Input extends object, Output>(
  name: string,
  handler: (input: Input, client: DurableClient) => Promise<Output>,
): Activity<Input, Output> {
  const clients = [df.input.durableClient()];
  return register(name, clients, (input: Input, context) => handler(input, df.getClient(context)));
}

function register<Input extends object, Output>(
  name: string,
  extraInputs: FunctionInput[],
  handle: (input: Input, context: InvocationContext) => Promise<Output>,
): Activity<Input, Output> {
  const activity = df.app.activity(name, {
    extraInputs,
    handler: async (input: unknown, context: InvocationContext) => {
      try {
        return await handle(input as Input, context);
      } catch (error) {
        throw markActivityError(error);
      }
    },
  });
  return function* call(input, retry) {
    return (yield activity(input).withRetry(retry)) as Output;
  };
}

function logOf(context: InvocationContext): ActivityLog {
  return { warn: (message) => context.warn(message) };
}
