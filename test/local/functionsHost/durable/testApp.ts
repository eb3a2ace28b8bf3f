import { createRequire } from "node:module";
import type { EntityHandler, OrchestrationHandler } from "durable-functions";
import type { Invoker } from "../../../../src/local/functionsHost/durable/workerRunner.ts";
import type { RegisteredFunction } from "../../../../src/local/functionsHost/worker/coreModule.ts";
import type { InvocationContext, RpcTypedData } from "../../../../src/local/functionsHost/worker/rpc.ts";

export interface TestFunctions {
  readonly orchestrations?: Readonly<Record<string, OrchestrationHandler>>;
  readonly activities?: Readonly<Record<string, (input: never) => unknown>>;
  readonly entities?: Readonly<Record<string, EntityHandler<never> | EntityHandler<number>>>;
}

type Callback = (...inputs: unknown[]) => unknown;
const require = createRequire(import.meta.url);
const { createOrchestrator, createEntityFunction } = require("durable-functions/lib/src/util/testingUtils.js") as {
  createOrchestrator: (handler: OrchestrationHandler) => Callback;
  createEntityFunction: (handler: EntityHandler<never> | EntityHandler<number>) => Callback;
};

/** Functions of the real SDK, without a host process around them. */
export function createTestApp({ orchestrations = {}, activities = {}, entities = {} }: TestFunctions): Invoker {
  const functions = [
    ...Object.entries(orchestrations).map(([name, handler]) =>
      describe(name, "orchestrationTrigger", createOrchestrator(handler)),
    ),
    ...Object.entries(activities).map(([name, handler]) => describe(name, "activityTrigger", handler as Callback)),
    ...Object.entries(entities).map(([name, handler]) =>
      describe(name, "entityTrigger", createEntityFunction(handler)),
    ),
  ];
  return {
    functions,
    async invoke({ fn, input, value: given, onContext }) {
      const context: InvocationContext = {
        log: () => undefined,
        warn: () => undefined,
      } as unknown as InvocationContext;
      onContext?.(context);
      const value = await fn.callback(given ?? decode(input), context);
      return { value, response: { invocationId: "", returnValue: encode(value) } };
    },
  };
}

function describe(name: string, type: string, callback: Callback): RegisteredFunction {
  const trigger = { name: "trigger", type, direction: "in" } as const;
  return { name, metadata: { name, bindings: { trigger } }, bindings: [trigger], trigger, callback };
}

function decode(data: RpcTypedData | null): unknown {
  if (data?.string === undefined) return undefined;
  try {
    return JSON.parse(data.string);
  } catch {
    return data.string;
  }
}

function encode(value: unknown): RpcTypedData | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return { string: value };
  if (Number.isInteger(value)) return { int: value as number };
  return typeof value === "number" ? { double: value } : { json: JSON.stringify(value) };
}
