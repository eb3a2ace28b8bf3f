import fc from "fast-check";
import * as df from "durable-functions";
import type { EntityHandler, OrchestrationContext, Task } from "durable-functions";
import type { TestFunctions } from "./testApp.ts";

/** What an orchestration may do, as data: so that chance can write it, and a crash cannot lose it. */
export type Step =
  | { readonly kind: "activity"; readonly n: number }
  | { readonly kind: "flaky"; readonly key: number; readonly failures: number }
  | { readonly kind: "timer"; readonly ms: number }
  | { readonly kind: "all"; readonly numbers: readonly number[] }
  | { readonly kind: "race"; readonly n: number; readonly ms: number }
  | { readonly kind: "flakyAll"; readonly keys: readonly number[]; readonly failures: number }
  | { readonly kind: "count"; readonly n: number }
  | { readonly kind: "children"; readonly steps: readonly Step[] }
  | { readonly kind: "event" }
  | { readonly kind: "child"; readonly steps: readonly Step[] }
  | { readonly kind: "again" };

export type Program = readonly Step[];

const leaf: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("activity" as const), n: fc.integer({ min: 0, max: 99 }) }),
  fc.record({ kind: fc.constant("flaky" as const), key: fc.nat(), failures: fc.integer({ min: 0, max: 2 }) }),
  fc.record({ kind: fc.constant("timer" as const), ms: fc.integer({ min: 1, max: 1_000_000_000 }) }),
  fc.record({ kind: fc.constant("all" as const), numbers: fc.array(fc.nat(9), { minLength: 1, maxLength: 5 }) }),
  fc.record({ kind: fc.constant("race" as const), n: fc.nat(9), ms: fc.integer({ min: 1_000, max: 2_000_000_000 }) }),
  fc.record({
    kind: fc.constant("flakyAll" as const),
    keys: fc.uniqueArray(fc.nat(), { minLength: 1, maxLength: 3 }),
    failures: fc.integer({ min: 0, max: 2 }),
  }),
  fc.record({ kind: fc.constant("count" as const), n: fc.nat(9) }),
  fc.record({ kind: fc.constant("event" as const) }),
  fc.record({ kind: fc.constant("again" as const) }),
);

const childSteps = fc.array(
  leaf.filter(({ kind }) => kind !== "event"),
  { maxLength: 3 },
);

export const programs: fc.Arbitrary<Program> = fc.array(
  fc.oneof(
    { arbitrary: leaf, weight: 4 },
    {
      arbitrary: fc.record({ kind: fc.constantFrom("child" as const, "children" as const), steps: childSteps }),
      weight: 1,
    },
  ),
  { minLength: 1, maxLength: 6 },
);

interface Progress {
  readonly steps: Program;
  readonly results: readonly unknown[];
}

/** The functions that run any program. What an activity gives depends on its input alone, however often it runs. */
export function programFunctions(): TestFunctions {
  const failed = new Map<number, number>();
  return {
    activities: {
      double: ({ n }: { n: number }) => n * 2,
      flaky: ({ key, failures }: { key: number; failures: number }) => {
        const before = failed.get(key) ?? 0;
        failed.set(key, before + 1);
        if (before < failures) throw new Error(`failure ${before}`);
        return key;
      },
    },
    orchestrations: { program },
    entities: { counter },
  };
}

/** Every message reaches it once, even after a crash, or the sums are wrong. */
const counter: EntityHandler<number> = (context) => {
  const sum = context.df.getState(() => 0) ?? 0;
  if (context.df.operationName === "add") context.df.setState(sum + (context.df.getInput<number>() ?? 0));
  else context.df.return(sum);
};

function* program(context: OrchestrationContext): Generator<Task, unknown, never> {
  const { steps, results } = context.df.getInput<Progress>();
  const done = [...results];
  for (const [index, step] of steps.entries()) {
    context.df.setCustomStatus({ index });
    if (step.kind === "again") {
      context.df.continueAsNew({ steps: steps.slice(index + 1), results: [...done, "again"] });
      return undefined;
    }
    done.push(yield* take(context, step));
  }
  return done;
}

function* take(context: OrchestrationContext, step: Exclude<Step, { kind: "again" }>): Generator<Task, unknown, never> {
  const later = (ms: number): Date => new Date(context.df.currentUtcDateTime.getTime() + ms);
  switch (step.kind) {
    case "activity":
      return (yield context.df.callActivity("double", { n: step.n })) as unknown;
    case "flaky":
      return (yield context.df.callActivityWithRetry("flaky", new df.RetryOptions(1000, 9), step)) as unknown;
    case "timer":
      yield context.df.createTimer(later(step.ms));
      return "slept";
    case "all":
      return (yield context.df.Task.all(step.numbers.map((n) => context.df.callActivity("double", { n })))) as unknown;
    case "race": {
      const timer = context.df.createTimer(later(step.ms));
      const work = context.df.callActivity("double", { n: step.n });
      yield context.df.Task.any([work, timer]);
      if (!timer.isCompleted) timer.cancel();
      return "raced";
    }
    case "flakyAll": {
      const retried = step.keys.map((key) =>
        context.df.callActivityWithRetry("flaky", new df.RetryOptions(1000, 9), { key, failures: step.failures }),
      );
      return (yield context.df.Task.all(retried)) as unknown;
    }
    case "count": {
      const entity = new df.EntityId("counter", context.df.instanceId);
      context.df.signalEntity(entity, "add", step.n);
      return (yield context.df.callEntity(entity, "get")) as unknown;
    }
    case "children": {
      const input = { steps: step.steps, results: [] };
      const both = [1, 2].map(() => context.df.callSubOrchestrator("program", input));
      return (yield context.df.Task.all(both)) as unknown;
    }
    case "event":
      return (yield context.df.waitForExternalEvent("Go")) as unknown;
    case "child":
      return (yield context.df.callSubOrchestrator("program", { steps: step.steps, results: [] })) as unknown;
  }
}
