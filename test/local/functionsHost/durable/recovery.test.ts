import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OrchestrationContext, Task } from "durable-functions";
import { test } from "vitest";
import { Archive } from "../../../../src/local/kit/archive.ts";
import { HubState } from "../../../../src/local/functionsHost/durable/hubState.ts";
import type { HubEntry } from "../../../../src/local/functionsHost/durable/hubState.ts";
import { StateFile } from "../../../../src/local/functionsHost/stateFile.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { openTestHub } from "./testHub.ts";

test("a timer that came due while the host was away fires at the next start", async ({ expect }) => {
  const folder = temporaryFolder();
  const orchestrations = {
    *sleeper(context: OrchestrationContext) {
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
      return "awake";
    },
  };
  const before = openTestHub({ folder, orchestrations });
  before.start("a", "sleeper");
  await before.idle();
  before.close();

  const after = openTestHub({ folder, orchestrations, clock: before.clock });
  await after.settle();
  after.close();

  expect(after.output("a")).toBe("awake");
});

test("an activity that was open runs again", async ({ expect }) => {
  const folder = temporaryFolder();
  let runs = 0;
  let release = (): void => undefined;
  const isRunning = new Promise<void>((resolve) => (release = resolve));
  const orchestrations = {
    *once(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      return yield context.df.callActivity("work", {});
    },
  };
  const before = openTestHub({
    folder,
    orchestrations,
    activities: {
      work: () => {
        runs++;
        release();
        return new Promise(() => undefined);
      },
    },
  });
  before.start("a", "once");
  await isRunning;
  before.close();

  const after = openTestHub({ folder, orchestrations, activities: { work: () => ++runs } });
  await after.settle();
  after.close();

  expect(after.output("a")).toBe(2);
});

test("an event that was accepted is not lost, however soon the host dies", async ({ expect }) => {
  const folder = temporaryFolder();
  const orchestrations = {
    *waiter(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      return yield context.df.waitForExternalEvent("Go");
    },
  };
  const before = openTestHub({ folder, orchestrations });
  before.start("a", "waiter");
  before.raise("a", "Go", { n: 1 });
  before.close();

  const after = openTestHub({ folder, orchestrations });
  await after.settle();
  after.close();

  expect(after.output("a")).toEqual({ n: 1 });
});

test("a cancelled timer is not armed again", async ({ expect }) => {
  const folder = temporaryFolder();
  const orchestrations = {
    *race(context: OrchestrationContext) {
      const timer = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
      yield context.df.Task.any([context.df.waitForExternalEvent("Go"), timer]);
      timer.cancel();
      yield context.df.waitForExternalEvent("Stop");
    },
  };
  const before = openTestHub({ folder, orchestrations });
  before.start("a", "race");
  await before.idle();
  before.raise("a", "Go", null);
  await before.idle();
  before.close();

  const after = openTestHub({ folder, orchestrations });
  await after.idle();
  const isAnythingDue = after.clock.jumpToNext();
  after.close();

  expect(isAnythingDue).toBe(false);
});

test("an orchestration that loops without waiting for anything can be ended, also by a host that starts with it", async ({
  expect,
}) => {
  const folder = temporaryFolder();
  const orchestrations = {
    // oxlint-disable-next-line require-yield -- an orchestrator is a generator even when it calls nothing
    *loop(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      context.df.continueAsNew(Number(context.df.getInput()) + 1);
      return undefined;
    },
  };
  const before = openTestHub({ folder, orchestrations });
  before.start("a", "loop", 0);
  while (Number(before.instance("a").input) < 3) await nextTurnOfTheEventLoop();
  before.close();

  const after = openTestHub({ folder, orchestrations });
  await nextTurnOfTheEventLoop();
  after.hub.deliver({ to: "a", message: { type: "terminate", reason: "enough" } });
  while (after.instance("a").status === "Running") await nextTurnOfTheEventLoop();
  after.close();

  expect(after.instance("a")).toMatchObject({ status: "Terminated", output: "enough" });
});

function nextTurnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test("the journal is rewritten when most of it is history, and nothing is lost", ({ expect }) => {
  const folder = temporaryFolder();
  const { state, file } = openState(folder);
  const write = file.writer<HubEntry>("hub");
  const commit = (entry: HubEntry): void => {
    write(entry);
    state.apply(entry);
  };
  const message = { type: "start", name: "o", version: "", input: null, parent: null } as const;
  for (let n = 0; n < 2_010; n++) {
    const id = `i${n % 10}`;
    if (n >= 10) commit({ k: "purge", ids: [id] });
    commit({
      k: "deliver",
      at: "2026-01-01T00:00:00.000Z",
      deliveries: [{ to: id, message: { ...message, executionId: String(n) } }],
    });
  }
  file.close();

  const reread = openState(folder);
  reread.file.close();

  expect(readFileSync(join(folder, "state.journal"), "utf8").split("\n").length).toBeLessThan(1_000);
  expect([...reread.state.snapshot()]).toEqual([...state.snapshot()]);
});

test("a journal with an entry that no part of the host knows is refused", ({ expect }) => {
  for (const line of ['{"part":"nobody","entry":{}}', '{"part":"hub","entry":{"k":"nothing"}}', '{"part":"hub"}']) {
    const folder = temporaryFolder();
    const path = join(folder, "state.journal");
    writeFileSync(path, `{"kind":"functions-host","version":1}\n${line}\n`);

    expect(() => openState(folder), line).toThrow(`${path} is damaged at line 2`);
  }
});

function openState(folder: string): { state: HubState; file: StateFile } {
  const archive = new Archive(join(folder, "archive"));
  const state = new HubState(archive);
  const options = { archive, compactAtBytes: 100_000 };
  const file = new StateFile(join(folder, "state.journal"), { hub: state }, options);
  file.open();
  return { state, file };
}
