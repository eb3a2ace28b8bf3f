/* oxlint-disable require-yield -- an orchestrator is a generator even when it calls nothing */
import { createRequire } from "node:module";
import * as df from "durable-functions";
import type { OrchestrationContext, OrchestrationHandler } from "durable-functions";
import { test } from "vitest";
import type { TestContext } from "vitest";
import { readGuardLevels } from "../../../../src/local/functionsHost/durable/guardLevels.ts";
import { openTestHub } from "./testHub.ts";
import type { TestHub, TestHubOptions } from "./testHub.ts";

const require = createRequire(import.meta.url);
const { DurableHttpResponse } = require("durable-functions/lib/src/http/DurableHttpResponse.js") as {
  // What callHttp gives to an orchestrator.
  DurableHttpResponse: new (statusCode: number, content: string, headers: object) => object;
};
const activities = {
  echo: (value: unknown) => value,
  fail: () => Promise.reject(new Error("no")),
};
const retry = new df.RetryOptions(1000, 3);

async function run(
  onTestFinished: TestContext["onTestFinished"],
  orchestrator: OrchestrationHandler,
  options: TestHubOptions & { input?: unknown } = {},
): Promise<TestHub> {
  const hub = openTestHub({ activities, orchestrations: { orchestrator }, ...options });
  onTestFinished(hub.close);
  hub.start("a", "orchestrator", options.input);
  await hub.settle();
  return hub;
}

function inOneHour(context: OrchestrationContext): Date {
  return new Date(context.df.currentUtcDateTime.getTime() + 3_600_000);
}

test("randomness in an orchestrator fails its instance with the step that differs", async ({
  expect,
  onTestFinished,
}) => {
  const hub = await run(onTestFinished, function* (context) {
    yield context.df.callActivity("echo", { id: Math.random() });
  });

  expect(hub.instance("a").status).toBe("Failed");
  expect(hub.instance("a").output).toMatch(
    /is not deterministic: run twice on the same history, its action 0 was .*echo/,
  );
  expect(hub.instance("a").output).toContain("Take time from context.df.currentUtcDateTime");
});

test("module state that changes between turns is detected", async ({ expect, onTestFinished }) => {
  let calls = 0;
  const hub = await run(onTestFinished, function* (context) {
    // The two runs of one turn see the same value, the next turn another one.
    const value = Math.floor(calls++ / 2);
    yield context.df.callActivity("echo", { value });
    yield context.df.callActivity("echo", {});
  });

  expect(hub.instance("a").output).toContain(
    'its step 0 was activity "echo" with {"value":0}, and is activity "echo" with {"value":1}',
  );
  expect(hub.instance("a").output).toContain("The real host does not notice");
});

test("a change of the code between turns fails the instance", async ({ expect, onTestFinished }) => {
  let isNewCode = false;
  const hub = openTestHub({
    activities: { ...activities, other: () => null },
    orchestrations: {
      *orchestrator(context) {
        yield context.df.callActivity(isNewCode ? "other" : "echo", {});
        yield context.df.waitForExternalEvent("Go");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "orchestrator");
  await hub.idle();
  isNewCode = true;
  hub.raise("a", "Go", null);
  await hub.idle();

  expect(hub.instance("a").output).toContain('its step 0 was activity "echo", and is activity "other" when replayed');
  expect(hub.instance("a").output).toContain("The real host fails such an instance");
});

test("a misspelt activity fails the instance at once", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* (context) {
    yield context.df.callActivity("ehco", {});
  });

  expect(hub.instance("a").output).toContain(
    'calls the activity "ehco", which the app does not register: on Azure it would wait for ever',
  );
});

test("a misspelt sub-orchestrator fails the instance at once", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* (context) {
    yield context.df.callSubOrchestrator("nobody", {});
  });

  expect(hub.instance("a").output).toContain('calls the sub-orchestration "nobody", which the app does not register');
});

test("an expired retry timeout is reported instead of hanging", async ({ expect, onTestFinished }) => {
  const options = Object.assign(new df.RetryOptions(1000, 5), { retryTimeoutInMilliseconds: 1500 });
  const hub = await run(onTestFinished, function* (context) {
    yield context.df.callActivityWithRetry("fail", options, {});
  });

  expect(hub.log.join("\n")).toContain(
    "RetryTimeout: Orchestrator 'orchestrator' (instance a) sets retryTimeoutInMilliseconds",
  );
  expect(hub.instance("a").output).toContain(
    "waits for a retry as its step 5, which to the Durable extension is nothing",
  );
});

test("retries beside a task whose failure is caught drift apart and are reported", async ({
  expect,
  onTestFinished,
}) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      try {
        yield context.df.Task.all([
          context.df.callActivityWithRetry("slowFail", retry, {}),
          context.df.callActivity("fail", {}),
        ]);
      } catch {
        yield context.df.callActivity("echo", { cleanUp: true });
      }
    },
    {
      activities: {
        ...activities,
        async slowFail() {
          for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
          throw new Error("no");
        },
      },
    },
  );

  expect(hub.instance("a").status).toBe("Failed");
  expect(hub.instance("a").output).toContain("which to the Durable extension is");
  expect(hub.instance("a").output).toContain("Move the retried call into a sub-orchestration");
});

test("Task.all that fails early and is cleaned up without retries is right", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* (context) {
    try {
      yield context.df.Task.all([context.df.callActivity("echo", {}), context.df.callActivity("fail", {})]);
    } catch {
      return yield context.df.callActivity("echo", "cleaned up");
    }
    return undefined;
  });

  expect(hub.output("a")).toBe("cleaned up");
});

test("a timeout around a retried activity is detected when the timer is cancelled after a retry", async ({
  expect,
  onTestFinished,
}) => {
  let attempts = 0;
  const hub = await run(
    onTestFinished,
    function* (context) {
      const timer = context.df.createTimer(inOneHour(context));
      const work = context.df.callActivityWithRetry("failOnce", retry, {});
      const winner = yield context.df.Task.any([work, timer]);
      if (winner === work) timer.cancel();
      yield context.df.callActivity("echo", {});
    },
    { activities: { ...activities, failOnce: () => (attempts++ === 0 ? Promise.reject(new Error("no")) : 1) } },
  );

  expect(hub.instance("a").status).toBe("Failed");
  expect(hub.instance("a").output).toMatch(/is not deterministic|which to the Durable extension is/);
});

test("a losing timer that was not cancelled draws a warning", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* (context) {
    yield context.df.Task.any([context.df.callActivity("echo", {}), context.df.createTimer(inOneHour(context))]);
    return "done";
  });

  expect(hub.log.join("\n")).toContain("has returned but stays Running until 2026-01-01T01:00:00.000Z");
  expect(hub.log.join("\n")).toContain("Call timer.cancel() once Task.any is decided");
  expect(hub.output("a")).toBe("done");
});

test("a boolean input of an activity draws a warning", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* (context) {
    return yield context.df.callActivity("echo", true);
  });

  expect(hub.output("a")).toBe("True");
  expect(hub.log.join("\n")).toContain('passes true to the activity "echo", which gets the string "True"');
});

test("a string for continueAsNew draws a warning", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      if (context.df.getInput() !== 1) return context.df.getInput();
      yield context.df.callActivity("echo", {});
      context.df.continueAsNew("text");
      return undefined;
    },
    { input: 1 },
  );

  expect(hub.output("a")).toBe('"text"');
  expect(hub.log.join("\n")).toContain("calls continueAsNew with a string, which arrives with quotes around it");
});

test("a missing input draws a warning", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      return context.df.getInput();
    },
    { input: "" },
  );

  expect(hub.output("a")).toBe("");
  expect(hub.log.join("\n")).toContain("was started without an input, so getInput() gives an empty string");
});

test("an input with a property named Timestamp draws a warning", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      return context.df.getInput<{ Timestamp: unknown }>().Timestamp instanceof Date;
    },
    { input: { Timestamp: "2026-01-01T00:00:00Z" } },
  );

  expect(hub.output("a")).toBe(true);
  expect(hub.log.join("\n")).toContain('a property named "Timestamp", which the SDK turns into a Date');
});

test("an event whose name differs in case fails the instance that would wait for ever", async ({
  expect,
  onTestFinished,
}) => {
  const hub = openTestHub({
    orchestrations: {
      *orchestrator(context) {
        yield context.df.waitForExternalEvent("Approved");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "orchestrator");
  await hub.idle();
  hub.raise("a", "approved", null);
  await hub.idle();

  expect(hub.instance("a").output).toContain('waits for the event "Approved" and got "approved"');
});

test("yielding a promise fails the instance with the SDK's explanation", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* () {
    yield Promise.resolve(1) as never;
  });

  expect(hub.instance("a").output).toContain("Only Task types can be yielded");
});

test("a task that is never yielded is never scheduled", async ({ expect, onTestFinished }) => {
  const hub = await run(onTestFinished, function* (context) {
    context.df.callActivity("fail", {});
    return yield context.df.callActivity("echo", "only this one");
  });

  expect(hub.output("a")).toBe("only this one");
  expect(hub.instance("a").history.filter(({ EventType }) => EventType === 4)).toHaveLength(1);
});

test("a result that JSON cannot carry fails the instance and names the place", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      yield context.df.callActivity("now", {});
    },
    { activities: { now: () => ({ at: new Date(0), probe: { sizes: new Map() } }) } },
  );

  expect(hub.instance("a").output).toContain(
    "Activity function 'now' returned a value that does not survive JSON: its result.probe.sizes is a Map, which becomes {}",
  );
});

test("a value that JSON carries as another type draws a warning, and the classes of the SDK draw none", async ({
  expect,
  onTestFinished,
}) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      const at = yield context.df.callActivity("now", {});
      context.df.setCustomStatus(new df.EntityId("Counter", "a"));
      return { at, answer: new DurableHttpResponse(200, "hello", {}) };
    },
    { activities: { now: () => new Date(0) } },
  );

  expect(hub.output("a")).toEqual({
    at: "1970-01-01T00:00:00.000Z",
    answer: { statusCode: 200, content: "hello", headers: {} },
  });
  expect(hub.log.filter((line) => line.includes("NotJson"))).toEqual([
    "warning: NotJson: Activity function 'now' returned a value that does not survive JSON: its result is a Date, which becomes a string (use toISOString()). Return plain data only.",
  ]);
});

test("each guard can be switched off, but for what the real host would not accept either", async ({
  expect,
  onTestFinished,
}) => {
  let runs = 0;
  const hub = await run(
    onTestFinished,
    function* (context) {
      yield context.df.callActivity("echo", { ids: new Set([1]) });
      return ++runs;
    },
    { activities: { echo: (input: unknown) => input }, guards: { NotJson: "off", NonDeterministic: "warn" } },
  );

  expect(hub.instance("a").status).toBe("Completed");
  expect(hub.log.join("\n")).toMatch(/^warning: NonDeterministic: .* run twice on the same history, its output was/m);
  expect(hub.log.join("\n")).not.toContain("NotJson");
  expect(() => readGuardLevels('{"NoJson":"off"}')).toThrow("FUNCTIONS_HOST_GUARDS is not valid");
});

test("an input that JSON cannot carry fails the instance and names the activity", async ({
  expect,
  onTestFinished,
}) => {
  const hub = await run(onTestFinished, function* (context) {
    yield context.df.callActivity("echo", { ids: new Set([1]) });
  });

  expect(hub.instance("a").output).toContain("the input of echo.ids is a Set, which becomes {}");
});

test("a history that outgrows the limit draws one warning", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      for (let i = 0; i < 10; i++) yield context.df.callActivity("echo", i);
    },
    { maxHistoryEvents: 20 },
  );

  expect(hub.log.filter((line) => line.includes("LongHistory"))).toHaveLength(1);
  expect(hub.log.join("\n")).toContain("has a history of more than 20 events");
});

test("too many actions fail the instance", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      yield context.df.Task.all([1, 2, 3].map((n) => context.df.callActivity("echo", n)));
      for (let i = 0; i < 10; i++) yield context.df.callActivity("echo", i);
    },
    { settings: { maxOrchestrationActions: 5 } },
  );

  expect(hub.instance("a").output).toContain(
    "has taken 6 actions and may take 5 (maxOrchestrationActions in host.json)",
  );
});

test("strict guards make a warning a failure", async ({ expect, onTestFinished }) => {
  const hub = await run(
    onTestFinished,
    function* (context) {
      yield context.df.callActivity("echo", true);
    },
    { faults: { strictGuards: true } },
  );

  expect(hub.instance("a").status).toBe("Failed");
});
