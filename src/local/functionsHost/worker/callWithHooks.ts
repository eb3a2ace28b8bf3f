import type { RegisteredFunction } from "./coreModule.ts";
import type { HookScope, Hooks } from "./hooks.ts";
import type { CoreInvocationContext, FunctionCallback } from "./rpc.ts";

interface HookedCall {
  readonly fn: RegisteredFunction;
  readonly context: CoreInvocationContext;
  readonly scope: HookScope;
  readonly inputs: unknown[];
  readonly call: (callback: FunctionCallback, inputs: unknown[]) => Promise<unknown>;
}

/** Calls a function. Hooks may replace what it gets, what it returns, and whether it has failed. */
export async function callWithHooks(hooks: Hooks, { fn, context, scope, inputs, call }: HookedCall): Promise<unknown> {
  if (!hooks.has("preInvocation") && !hooks.has("postInvocation")) {
    context.state = "invocation";
    return call(fn.callback, inputs);
  }
  const before = { ...scope, functionCallback: fn.callback, inputs };
  context.state = "preInvocationHooks";
  if (hooks.has("preInvocation")) await hooks.run("preInvocation", before);

  const outcome: HookScope & { inputs: unknown[]; result: unknown; error: unknown } = {
    ...scope,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  context.state = "invocation";
  try {
    outcome.result = await call(before.functionCallback, before.inputs);
  } catch (error) {
    outcome.error = error ?? new Error(`Function ${fn.name} threw ${String(error)}`);
  }

  context.state = "postInvocationHooks";
  if (hooks.has("postInvocation")) await hooks.run("postInvocation", outcome);
  if (outcome.error !== null && outcome.error !== undefined) throw outcome.error;
  return outcome.result;
}
