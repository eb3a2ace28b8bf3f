import * as df from "durable-functions";
import type { EntityHandler, OrchestrationContext, Task } from "durable-functions";
import { test } from "vitest";
import type { TestContext } from "vitest";
import { checkHubEntry } from "../../../../src/local/functionsHost/durable/hubEntries.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { openTestHub } from "./testHub.ts";
import type { TestHub, TestHubOptions } from "./testHub.ts";

type Orchestrator = Generator<Task, unknown, unknown>;

const counter: EntityHandler<number> = (context) => {
  const value = context.df.getState(() => 0) ?? 0;
  if (context.df.operationName === "set") context.df.setState(context.df.getInput() as number);
  else context.df.return(value);
};
const accountOf = (key: string): df.EntityId => new df.EntityId("Account", key);

const orchestrations = {
  *raise(context: OrchestrationContext): Orchestrator {
    const keys = context.df.getInput() as string[];
    const lock = (yield context.df.lock(keys.map(accountOf))) as df.DurableLock;
    for (const key of keys) {
      const value = (yield context.df.callEntity(accountOf(key), "get")) as number;
      yield context.df.callActivity("pause");
      yield context.df.callEntity(accountOf(key), "set", value + 1);
    }
    lock.release();
    // Its number counts the messages of the release, one for each entity.
    yield context.df.callActivity("pause");
    return context.df.isLocked().isLocked;
  },
  *hold(context: OrchestrationContext): Orchestrator {
    const lock = (yield context.df.lock(accountOf("one"))) as df.DurableLock;
    context.df.setCustomStatus("held");
    yield context.df.waitForExternalEvent("go");
    return lock.release();
  },
  *read(context: OrchestrationContext): Orchestrator {
    return yield context.df.callEntity(accountOf("one"), "get");
  },
  *end(context: OrchestrationContext) {
    yield context.df.lock(accountOf("one"));
  },
  *fail(context: OrchestrationContext): Orchestrator {
    yield context.df.lock(accountOf("one"));
    throw new Error("in the section");
  },
  *again(context: OrchestrationContext): Orchestrator {
    const round = context.df.getInput() as { n: number };
    if (round.n === 1) return yield context.df.callEntity(accountOf("one"), "get");
    yield context.df.lock(accountOf("one"));
    return context.df.continueAsNew({ n: 1 });
  },
  *giveUp(context: OrchestrationContext) {
    const { n } = context.df.getInput() as { n: number };
    if (n === 2) return;
    yield context.df.Task.any([context.df.lock(accountOf("one")), context.df.waitForExternalEvent("go")]);
    if (n === 1) context.df.continueAsNew({ n: 2 });
  },
  *releaseAtOnce(context: OrchestrationContext) {
    const lock = (yield context.df.lock(accountOf("one"), accountOf("two"))) as df.DurableLock;
    yield callOrGo(context);
    lock.release();
    yield context.df.callActivity("pause");
  },
  *leaveAtOnce(context: OrchestrationContext) {
    yield context.df.lock(accountOf("one"), accountOf("two"));
    yield callOrGo(context);
  },
  *unknown(context: OrchestrationContext) {
    yield context.df.lock(new df.EntityId("typo", "one"));
  },
};

/** Done as soon as the event has come, whatever becomes of the call. */
function callOrGo(context: OrchestrationContext): Task {
  return context.df.Task.any([
    context.df.callEntity(accountOf("one"), "get"),
    context.df.waitForExternalEvent("go"),
  ]) as Task;
}

function open(onTestFinished: TestContext["onTestFinished"], options: TestHubOptions = {}): TestHub {
  const activities = { pause: () => null };
  const hub = openTestHub({ entities: { account: counter }, orchestrations, activities, ...options });
  onTestFinished(hub.close);
  return hub;
}

function stateOf(hub: TestHub, key: string): string | null | undefined {
  return hub.hub.state.entities.get(`@account@${key}`)?.state;
}

test("critical sections over the same entities follow each other, in whatever order they name them", async ({
  expect,
  onTestFinished,
}) => {
  const hub = open(onTestFinished);

  for (let n = 0; n < 6; n++) hub.start(`i${n}`, "raise", n % 2 === 0 ? ["a", "b", "c", "a"] : ["c", "b", "a"]);
  await hub.settle();

  for (let n = 0; n < 6; n++) expect(hub.instance(`i${n}`)).toMatchObject({ status: "Completed", output: "false" });
  // The odd ones name "a" once, the even ones twice.
  expect(["a", "b", "c"].map((key) => stateOf(hub, key))).toEqual(["9", "6", "6"]);
  expect([...hub.hub.state.entities.values()].every(({ lockedBy }) => lockedBy === undefined)).toBe(true);
  expect(hub.log.filter((line) => !line.startsWith("debug:"))).toEqual([]);
});

test("a locked entity keeps calls and signals of others until the lock is released, over a crash as well", async ({
  expect,
  onTestFinished,
}) => {
  const folder = temporaryFolder();
  const before = open(onTestFinished, { folder });
  before.start("holder", "hold");
  await before.settle();
  before.close();

  const hub = open(onTestFinished, { folder, clock: before.clock });
  const signal = { type: "operation", id: "1", operation: "set", input: "5", isSignal: true } as const;
  hub.hub.deliver({ to: "@account@one", message: signal });
  hub.start("reader", "read");
  await hub.settle();
  expect(hub.instance("reader").status).toBe("Running");
  expect(stateOf(hub, "one")).toBeNull();

  hub.raise("holder", "go", null);
  await hub.settle();
  expect(hub.output("reader")).toBe(5);
  expect(hub.instance("holder").status).toBe("Completed");
});

test("an entity without a state is forgotten when its lock is released", async ({ expect, onTestFinished }) => {
  const hub = open(onTestFinished);

  hub.start("holder", "hold");
  await hub.settle();
  expect(hub.hub.state.entities.get("@account@one")).toMatchObject({ exists: false, lockedBy: "holder" });
  hub.raise("holder", "go", null);
  await hub.settle();

  expect(hub.hub.state.entities.size).toBe(0);
});

test.for(["end", "again"])(
  "an orchestration that completes or continues as new in a critical section gives its locks back (%s)",
  async (name, { expect, onTestFinished }) => {
    const hub = open(onTestFinished);

    hub.start("holder", name, { n: 0 });
    await hub.settle();
    hub.start("reader", "read");
    await hub.settle();

    expect(hub.instance("holder").status).toBe("Completed");
    expect(hub.instance("reader").status).toBe("Completed");
    expect(hub.log.filter((line) => !line.startsWith("debug:"))).toEqual([]);
  },
);

test("one that fails in a critical section keeps its locks for ever, as on Azure, and the log says so", async ({
  expect,
  onTestFinished,
}) => {
  const hub = open(onTestFinished);

  hub.start("holder", "fail");
  hub.start("reader", "read");
  await hub.settle();

  expect(hub.instance("holder").status).toBe("Failed");
  expect(hub.instance("reader").status).toBe("Running");
  expect(hub.log.join("\n")).toMatch(/OrphanedLock: .*\(instance holder\).*@account@one.*try and finally/);
});

test.for(["holder", "waiter"])(
  "so does one that is terminated while it holds or awaits a lock (%s)",
  async (who, { expect, onTestFinished }) => {
    const hub = open(onTestFinished);
    hub.start("holder", "hold");
    await hub.settle();
    hub.start("waiter", "hold");
    await hub.settle();

    hub.hub.deliver({ to: who, message: { type: "terminate", reason: "" } });
    await hub.settle();
    if (who === "waiter") hub.raise("holder", "go", null);
    hub.start("reader", "read");
    await hub.settle();

    expect(hub.instance("reader").status).toBe("Running");
    expect(hub.log.join("\n")).toMatch(new RegExp(`OrphanedLock: .*\\(instance ${who}\\).*@account@one`));
  },
);

test("one that continues as new while it awaits a lock gets it and never knows, as on Azure, and the log says so", async ({
  expect,
  onTestFinished,
}) => {
  const hub = open(onTestFinished);
  hub.start("holder", "hold");
  await hub.settle();

  hub.start("waiter", "giveUp", { n: 1 });
  hub.raise("waiter", "go", null);
  await hub.settle();
  expect(hub.log.join("\n")).toMatch(/OrphanedLock: .*\(instance waiter\) has continued as new.*@account@one/);

  hub.raise("holder", "go", null);
  await hub.settle();
  expect(hub.hub.state.entities.get("@account@one")?.lockedBy).toBe("waiter");
});

test("a guard that is told to fail instances fails one that gives up waiting for a lock", async ({
  expect,
  onTestFinished,
}) => {
  const hub = open(onTestFinished, { guards: { OrphanedLock: "fail" } });
  hub.start("holder", "hold");
  await hub.settle();

  hub.start("waiter", "giveUp", { n: 0 });
  hub.raise("waiter", "go", null);
  await hub.settle();

  expect(hub.instance("waiter")).toMatchObject({ status: "Failed", output: expect.stringContaining("@account@one") });
  expect(hub.log.filter((line) => line.includes("OrphanedLock"))).toHaveLength(1);
});

test("one that ends while a call to a locked entity is unanswered leaves that one locked, as on Azure", async ({
  expect,
  onTestFinished,
}) => {
  const hub = open(onTestFinished);

  hub.start("holder", "leaveAtOnce");
  hub.raise("holder", "go", null);
  await hub.settle();

  expect(hub.instance("holder").status).toBe("Completed");
  const { entities } = hub.hub.state;
  expect([...entities.values()]).toEqual([expect.objectContaining({ id: "@account@one", lockedBy: "holder" })]);
  expect(hub.log.join("\n")).toMatch(/OrphanedLock: .*lock of @account@one:/);
});

test("one that releases its locks while a call to a locked entity is unanswered fails, as it would hang on Azure", async ({
  expect,
  onTestFinished,
}) => {
  const hub = open(onTestFinished);

  hub.start("holder", "releaseAtOnce");
  hub.raise("holder", "go", null);
  await hub.settle();

  expect(hub.instance("holder")).toMatchObject({
    status: "Failed",
    output: expect.stringMatching(/waits for an activity "pause" as its step 4.*release.*unanswered/) as string,
  });
});

test("a lock on an entity that the app does not register fails the instance", async ({ expect, onTestFinished }) => {
  const hub = open(onTestFinished);

  hub.start("a", "unknown");
  await hub.settle();

  expect(hub.instance("a").output).toMatch(/locks the entity "typo", which the app does not register.*df.app.entity/);
});

test("a journal with a lock request that leads to no entity is damaged", ({ expect }) => {
  const message = { type: "lock", id: "1", parent: "a", lockSet: ["@account@one"], position: 0 };
  const entry = { k: "deliver", at: "2026-01-01T00:00:00.000Z", deliveries: [{ to: "@account@one", message }] };

  expect(() => checkHubEntry(entry)).not.toThrow();
  const wrong = { ...entry, deliveries: [{ to: "@account@one", message: { ...message, lockSet: ["nobody"] } }] };
  expect(() => checkHubEntry(wrong)).toThrow("Not the id of an entity");
});
