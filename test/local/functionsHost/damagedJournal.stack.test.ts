import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EntityContext, OrchestrationContext, Task } from "durable-functions";
import * as df from "durable-functions";
import { test } from "vitest";
import { HubState } from "../../../src/local/functionsHost/durable/hubState.ts";
import type { HubEntry } from "../../../src/local/functionsHost/durable/hubState.ts";
import { HostIdentity } from "../../../src/local/functionsHost/hostIdentity.ts";
import { createDurableApi } from "../../../src/local/functionsHost/http/durableApi.ts";
import { StateFile } from "../../../src/local/functionsHost/stateFile.ts";
import { BlobReceipts } from "../../../src/local/functionsHost/triggers/blobReceipts.ts";
import { ScheduleStatuses } from "../../../src/local/functionsHost/triggers/timerTrigger.ts";
import { Archive } from "../../../src/local/kit/archive.ts";
import { VirtualClock } from "../../../src/local/kit/virtualClock.ts";
import { damageEverywhere } from "../damage.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { openTestHub, START_TIME } from "./durable/testHub.ts";

const app = {
  orchestrations: {
    *everything(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      const counter = new df.EntityId("counter", "a");
      context.df.setCustomStatus("at work");
      yield context.df.callActivity("work", { n: 1 });
      try {
        yield context.df.callActivity("break", null);
      } catch {
        context.df.signalEntity(counter, "add", 1);
      }
      yield context.df.callEntity(counter, "add", 2);
      yield context.df.callSubOrchestrator("child", "x", "a-child");
      const long = context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 3_600_000));
      yield context.df.Task.any([context.df.waitForExternalEvent("Go"), long]);
      long.cancel();
      yield context.df.createTimer(new Date(context.df.currentUtcDateTime.getTime() + 60_000));
      return "done";
    },
    *child(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      return yield context.df.callActivity("work", context.df.getInput());
    },
    *again(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      const round = Number(context.df.getInput());
      yield context.df.waitForExternalEvent("Next");
      if (round < 1) context.df.continueAsNew(round + 1);
      return round;
    },
  },
  activities: {
    work: (input: unknown) => input,
    break: () => {
      throw new Error("broken");
    },
  },
  entities: {
    counter: (context: EntityContext<number>) => {
      context.df.setState((context.df.getState(() => 0) ?? 0) + Number(context.df.getInput()));
      context.df.return(context.df.getState());
    },
  },
};

/** In a folder: lines of every kind: what happened, one after the other, and what a compaction makes of it. */
async function journalLines(folder: string): Promise<string[]> {
  const test = openTestHub({ folder, ...app });
  test.start("a", "everything");
  test.start("again", "again", 0);
  test.start("waiting", "everything");
  test.start("old", "child");
  await test.idle();
  test.hub.deliver({ to: "waiting", message: { type: "suspend", reason: "later" } });
  test.hub.deliver({ to: "waiting", message: { type: "event", name: "Other", input: "1" } });
  test.raise("again", "Next", null);
  test.raise("a", "Go", { n: 1 });
  await test.idle();
  test.hub.deliver({ to: "waiting", message: { type: "resume", reason: "now" } });
  await test.idle();
  test.hub.purge(["old"]);
  test.hub.deliver({ to: "again", message: { type: "terminate", reason: "enough" } });
  await test.idle();
  const snapshot = [...test.hub.state.snapshot()].map((entry) => JSON.stringify({ part: "hub", entry }));
  test.close();

  const happened = readFileSync(join(folder, "state.journal"), "utf8").trim().split("\n");
  const time = new Date(START_TIME).toISOString();
  const receipt = { container: "input", name: "a.mp4", etag: "0x1", attempts: 1, isDone: true };
  const others = [
    { part: "host", entry: { systemKey: "abcdefghijklmnopqrstuvwxyzABCDEF" } },
    { part: "blobs", entry: { k: "receipt", fn: "f", receipt } },
    { part: "blobs", entry: { k: "forget", fn: "f", blobs: ["input/b.mp4"], etag: "0x1" } },
    { part: "timers", entry: { fn: "f", status: { last: time, next: time, lastUpdated: time } } },
  ];
  return [...happened, ...snapshot, ...others.map((line) => JSON.stringify(line))];
}

/** What is wrong with a host on these lines, unless it says itself that they are damaged. */
async function troubleWith(lines: readonly string[], written: string): Promise<string | undefined> {
  const folder = copyOfArchive(written);
  const path = join(folder, "state.journal");
  writeFileSync(path, lines.map((line) => `${line}\n`).join(""));
  const archive = new Archive(join(folder, "archive"));
  const parts = {
    host: new HostIdentity(),
    hub: new HubState(archive),
    blobs: new BlobReceipts(),
    timers: new ScheduleStatuses(),
  };
  const file = new StateFile(path, parts, { archive });
  try {
    file.open();
  } catch (error) {
    return unlessNamed(error);
  }
  file.close();
  try {
    const key: unknown = parts.host.systemKey;
    if (typeof key !== "string" || key.length < 32) return `The key is ${JSON.stringify(key)}`;
    for (const { container, name, etag, attempts } of parts.blobs.of("f")) {
      if (!Number.isInteger(attempts) || [container, name, etag].some((text) => typeof text !== "string")) {
        return `A receipt of ${name}`;
      }
    }
    for (const { status } of parts.timers.snapshot()) {
      if (Object.values(status).some((time) => Number.isNaN(Date.parse(String(time))))) return "A timer of no time";
    }
    return await troubleOfHub(parts.hub, folder);
  } catch (error) {
    return unlessNamed(error);
  }
}

function unlessNamed(error: unknown): string | undefined {
  return (error as { code?: string }).code === "DamagedData" ? undefined : String(error);
}

async function troubleOfHub(state: HubState, written: string): Promise<string | undefined> {
  const folder = copyOfArchive(written);
  const archive = new Archive(join(folder, "archive"));
  const file = new StateFile(join(folder, "state.journal"), { hub: state }, { archive });
  file.open();
  const write = file.writer<HubEntry>("hub");
  for (const entry of state.snapshot()) write(entry);
  file.close();
  const test = openTestHub({ folder, ...app, clock: new VirtualClock(START_TIME + 7_200_000) });
  try {
    await test.settle();
    // What a start does not look at is named by whoever reads it.
    const { instances } = test.hub.state;
    for (const { id } of instances.summaries()) instances.find(id);
    const api = createDurableApi(test.hub, () => ({
      webhookUrl: "http://localhost",
      rpcUrl: "http://localhost/",
      hubName: "h",
      systemKey: "k",
    }));
    const paths = [
      "/instances",
      ...["a", "a-child", "again", "waiting"].map((id) => `/instances/${id}?showHistory=true&showHistoryOutput=true`),
      `/entities/counter/a`,
    ];
    for (const path of paths) {
      const { status } = await api.request(path);
      if (status >= 500) return `${path}: ${status}`;
    }
    return test.log.find((line) => line.includes("The task hub stopped"));
  } finally {
    test.close();
  }
}

function copyOfArchive(written: string): string {
  const folder = temporaryFolder();
  cpSync(join(written, "archive"), join(folder, "archive"), { recursive: true });
  return folder;
}

test("a wrong value anywhere in the host's journal is named as damage, or does no harm", async ({ expect }) => {
  const folder = temporaryFolder();
  const lines = await journalLines(folder);
  expect(await troubleWith(lines, folder)).toBeUndefined();

  const { tried, troubles } = await damageEverywhere(lines, (damaged) => troubleWith(damaged, folder));

  expect(tried).toBeGreaterThan(500);
  expect(troubles).toEqual([]);
});

test("a turn that the state cannot have taken is damage", ({ expect }) => {
  const time = new Date(START_TIME).toISOString();
  const start = { type: "start", executionId: "e", name: "o", version: "", input: null, parent: null };
  const deliver = { k: "deliver", at: time, deliveries: [{ to: "a", message: start }] };
  const turn = { id: "a", at: time, taken: 1, events: [], status: "Running" };
  const open = (...entries: object[]) => {
    const folder = temporaryFolder();
    const path = join(folder, "state.journal");
    const archive = new Archive(join(folder, "archive"));
    const lines = [{ kind: "functions-host", version: 1 }, ...entries.map((entry) => ({ part: "hub", entry }))];
    writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const file = new StateFile(path, { hub: new HubState(archive) }, { archive });
    file.open();
    file.close();
  };

  expect(() => open(deliver, { k: "turn", turn })).not.toThrow();
  expect(() => open({ k: "turn", turn })).toThrow("is damaged at line 2");
  expect(() => open(deliver, { k: "turn", turn: { ...turn, taken: 2 } })).toThrow("is damaged at line 3");
});
