import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import * as df from "durable-functions";
import { test } from "vitest";
import { openTestHub } from "./testHub.ts";

const double = (n: number): number => n * 2;

test("activities run one after the other", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    activities: { double },
    orchestrations: {
      *chain(context) {
        const first = yield context.df.callActivity("double", context.df.getInput());
        return yield context.df.callActivity("double", first);
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "chain", 3);
  await hub.settle();

  expect(hub.output("a")).toBe(12);
  expect(hub.instance("a").status).toBe("Completed");
});

test("the ids of a retried activity are those of its attempts and timers, with one more timer at the end", async ({
  expect,
  onTestFinished,
}) => {
  const hub = openTestHub({
    activities: { fail: () => Promise.reject(new Error("no")) },
    orchestrations: {
      *retried(context) {
        yield context.df.callActivityWithRetry("fail", new df.RetryOptions(1000, 3), {});
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "retried");
  await hub.settle();

  const decided = hub.instance("a").history.filter(({ EventType, EventId }) => EventId >= 0 && EventType !== 1);
  expect(decided.map(({ EventId, EventType }) => `${EventId} ${EventType === 4 ? "task" : "timer"}`)).toEqual([
    "0 task",
    "1 timer",
    "2 task",
    "3 timer",
    "4 task",
    "5 timer",
  ]);
  expect(hub.instance("a").output).toContain(
    "Orchestrator function 'retried' failed: Activity function 'fail' failed: no",
  );
});

test("a retry waits longer each time, up to its longest interval", async ({ expect, onTestFinished }) => {
  const options = Object.assign(new df.RetryOptions(1000, 4), {
    backoffCoefficient: 3,
    maxRetryIntervalInMilliseconds: 5000,
  });
  const at: number[] = [];
  const hub = openTestHub({
    activities: {
      fail: () => {
        at.push(hub.clock.now());
        throw new Error("no");
      },
    },
    orchestrations: {
      *retried(context) {
        yield context.df.callActivityWithRetry("fail", options, {});
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "retried");
  await hub.settle();

  expect(at.slice(1).map((time, index) => time - (at[index] ?? 0))).toEqual([1000, 3000, 5000]);
});

test("a timer of many days fires at its time, in pieces", async ({ expect, onTestFinished }) => {
  const days = 20;
  const hub = openTestHub({
    orchestrations: {
      *sleeper(context) {
        yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + days * 86_400_000));
        return context.df.currentUtcDateTime.toISOString();
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "sleeper");
  await hub.settle();

  expect(hub.output("a")).toBe("2026-01-21T00:00:00.000Z");
  expect(hub.instance("a").history.filter(({ EventType }) => EventType === 10)).toHaveLength(6);
});

test("an event that comes before it is awaited is kept", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    activities: { double },
    orchestrations: {
      *waiter(context) {
        yield context.df.callActivity("double", 1);
        return yield context.df.waitForExternalEvent("Go");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "waiter");
  hub.raise("a", "Go", { early: true });
  await hub.settle();

  expect(hub.output("a")).toEqual({ early: true });
});

test("a cancelled timer does not keep its instance running", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    orchestrations: {
      *race(context) {
        const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
        const event = context.df.waitForExternalEvent("Go");
        const winner = yield context.df.Task.any([timer, event]);
        if (winner === event) timer.cancel();
        return winner === event ? "event" : "timer";
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "race");
  await hub.idle();
  hub.raise("a", "Go", null);
  await hub.idle();

  expect(hub.output("a")).toBe("event");
  expect(hub.clock.jumpToNext()).toBe(false);
});

test("continueAsNew starts with an empty history and carries over the events that came after it", async ({
  expect,
  onTestFinished,
}) => {
  const hub = openTestHub({
    orchestrations: {
      *collector(context) {
        const { seen } = context.df.getInput<{ seen: number[] }>();
        if (seen.length === 3) return seen;
        const next = yield context.df.waitForExternalEvent("Item");
        context.df.continueAsNew({ seen: [...seen, next] });
        return undefined;
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "collector", { seen: [] });
  for (const item of [1, 2, 3]) hub.raise("a", "Item", item);
  await hub.settle();

  expect(hub.output("a")).toEqual([1, 2, 3]);
  expect(hub.instance("a").history.filter(({ EventType }) => EventType === 0)).toHaveLength(1);
});

test("a sub-orchestration gives its output or its failure to its parent", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    orchestrations: {
      *parent(context) {
        const good = yield context.df.callSubOrchestrator("child", { n: 1 });
        try {
          yield context.df.callSubOrchestrator("child", { n: 0 }, "my-child");
        } catch (error) {
          return { good, bad: (error as Error).message };
        }
        return undefined;
      },
      // oxlint-disable-next-line require-yield -- an orchestrator is a generator even when it calls nothing
      *child(context) {
        const { n } = context.df.getInput<{ n: number }>();
        if (n === 0) throw new Error("zero");
        return n;
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "parent");
  await hub.settle();

  expect(hub.output("a")).toEqual({
    good: 1,
    bad: expect.stringContaining("Orchestrator function 'child' failed: zero"),
  });
  expect(hub.instance("my-child").status).toBe("Failed");
});

test("a suspended instance takes nothing until it is resumed", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    orchestrations: {
      *waiter(context) {
        return yield context.df.waitForExternalEvent("Go");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "waiter");
  await hub.idle();
  hub.hub.deliver({ to: "a", message: { type: "suspend", reason: "lunch" } });
  await hub.idle();
  hub.raise("a", "Go", 1);
  await hub.idle();
  const whileSuspended = hub.instance("a").status;
  hub.hub.deliver({ to: "a", message: { type: "resume", reason: "back" } });
  await hub.idle();

  expect(whileSuspended).toBe("Suspended");
  expect(hub.output("a")).toBe(1);
});

test("terminate ends an instance, whatever it waits for, and later results are dropped", async ({
  expect,
  onTestFinished,
}) => {
  const hub = openTestHub({
    orchestrations: {
      *waiter(context) {
        yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 1000));
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "waiter");
  await hub.idle();
  hub.hub.deliver({ to: "a", message: { type: "terminate", reason: "enough" } });
  await hub.settle();

  expect(hub.instance("a")).toMatchObject({ status: "Terminated", output: "enough", inbox: [] });
});

test("no more activities run at once than host.json allows", async ({ expect, onTestFinished }) => {
  let running = 0;
  let most = 0;
  const hub = openTestHub({
    settings: { maxConcurrentActivityFunctions: 4 },
    activities: {
      work: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
      },
    },
    orchestrations: {
      *fanOut(context) {
        yield context.df.Task.all(Array.from({ length: 12 }, () => context.df.callActivity("work", {})));
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "fanOut");
  await hub.settle();

  expect(hub.instance("a").status).toBe("Completed");
  expect(most).toBe(4);
});

test("an HTTP call that is answered with 202 is polled at the pace that the answer asks for", async ({
  expect,
  onTestFinished,
}) => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const isDone = requests.length === 3;
    // Relative to the request, too, as on Azure.
    const location = requests.length === 1 ? `${url}/poll` : "/poll";
    response.writeHead(isDone ? 200 : 202, isDone ? {} : { location, "retry-after": "60" }).end("text");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const hub = openTestHub({
    orchestrations: {
      *caller(context) {
        const response = yield context.df.callHttp({ method: "POST", url: `${url}/start`, body: "{}" });
        return [response.statusCode, response.content, context.df.currentUtcDateTime.toISOString()];
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "caller");
  await hub.settle();

  expect(hub.instance("a").output).toBe('[200,"text","2026-01-01T00:02:00.000Z"]');
  expect(requests).toEqual(["POST /start", "GET /poll", "GET /poll"]);
});

test("custom status survives a failure", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    orchestrations: {
      // oxlint-disable-next-line require-yield -- an orchestrator is a generator even when it calls nothing
      *failing(context) {
        context.df.setCustomStatus({ phase: "converting" });
        throw new Error("no");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "failing");
  await hub.settle();

  expect(hub.instance("a")).toMatchObject({ status: "Failed", customStatus: '{"phase":"converting"}' });
});

test("a turn that sets no custom status empties it, as on Azure", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    orchestrations: {
      *forgetful(context) {
        if (!context.df.isReplaying) context.df.setCustomStatus({ phase: "converting" });
        yield context.df.waitForExternalEvent("goOn");
        yield context.df.waitForExternalEvent("end");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "forgetful");
  await hub.settle();
  const before = hub.instance("a").customStatus;
  hub.raise("a", "goOn", {});
  await hub.settle();

  expect([before, hub.instance("a").customStatus]).toEqual(['{"phase":"converting"}', "null"]);
});

test("a finished id can be used again, a live one cannot", async ({ expect, onTestFinished }) => {
  const hub = openTestHub({
    orchestrations: {
      *waiter(context) {
        return yield context.df.waitForExternalEvent("Go");
      },
    },
  });
  onTestFinished(hub.close);

  hub.start("a", "waiter", 1);
  await hub.idle();
  hub.start("a", "waiter", 2);
  await hub.idle();
  const inputWhileLive = hub.instance("a").input;
  hub.raise("a", "Go", null);
  await hub.idle();
  hub.start("a", "waiter", 3);
  await hub.idle();

  expect(inputWhileLive).toBe("1");
  expect(hub.instance("a")).toMatchObject({ input: "3", status: "Running" });
});
