import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { OrchestrationContext, Task } from "durable-functions";
import { onTestFinished, test } from "vitest";
import { createDurableApi } from "../../../../src/local/functionsHost/http/durableApi.ts";
import { temporaryFolder } from "../../temporaryFolder.ts";
import { openTestHub } from "./testHub.ts";
import type { TestHub, TestHubOptions } from "./testHub.ts";

const app = {
  orchestrations: {
    *work(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      context.df.setCustomStatus({ at: "work" });
      const input = context.df.getInput();
      const result = yield context.df.callActivity("echo", input);
      if (input === "fail") throw new Error("It failed");
      return { result };
    },
    *wait(context: OrchestrationContext): Generator<Task, unknown, unknown> {
      return yield context.df.waitForExternalEvent("Go");
    },
  },
  activities: { echo: (input: unknown) => input },
};

function open(options: Partial<TestHubOptions> & { readonly folder: string }): TestHub {
  const hub = openTestHub({ ...app, ...options });
  onTestFinished(hub.close);
  return hub;
}

const resident = (hub: TestHub): string[] => [...hub.hub.state.instances.allLive()].map(({ id }) => id);

type Answer = { readonly status: number; readonly body: unknown; readonly token: string };

async function ask(hub: TestHub, path: string, method = "GET", headers: Record<string, string> = {}): Promise<Answer> {
  const address = () => ({ webhookUrl: "http://host", rpcUrl: "http://host/", hubName: "hub", systemKey: "key" });
  const response = await createDurableApi(hub.hub, address).request(path, { method, headers });
  const text = await response.text();
  const token = response.headers.get("x-ms-continuation-token") ?? "";
  return {
    status: response.status,
    body: text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text,
    token,
  };
}

const ids = ({ body }: Answer): string[] => (body as { instanceId: string }[]).map(({ instanceId }) => instanceId);

/** `done-0` to `done-2` have succeeded, one an hour; `failed`, `stopped` and `waiting` came last. */
async function startSome(folder: string, options: Partial<TestHubOptions> = {}): Promise<TestHub> {
  const hub = open({ folder, ...options });
  for (let n = 0; n < 3; n++) {
    hub.start(`done-${n}`, "work", { n });
    await hub.settle();
    await hub.clock.advance(3_600_000);
  }
  hub.start("failed", "work", "fail");
  hub.start("stopped", "wait");
  hub.start("waiting", "wait", "still here");
  await hub.settle();
  hub.hub.deliver({ to: "stopped", message: { type: "terminate", reason: "enough" } });
  await hub.settle();
  return hub;
}

const HISTORY = "?showHistory=true&showHistoryOutput=true";

test("a finished orchestration is on the disk, not in memory, and its status says all it ever said", async ({
  expect,
}) => {
  const folder = temporaryFolder();
  const before = await startSome(folder);
  const expected = {
    status: 200,
    body: {
      name: "work",
      instanceId: "done-1",
      runtimeStatus: "Completed",
      input: { n: 1 },
      customStatus: { at: "work" },
      output: { result: { n: 1 } },
      createdTime: "2026-01-01T01:00:00Z",
      lastUpdatedTime: "2026-01-01T01:00:00Z",
      historyEvents: [
        expect.objectContaining({ EventType: "ExecutionStarted", FunctionName: "work" }),
        expect.objectContaining({ EventType: "TaskCompleted", FunctionName: "echo", Result: { n: 1 } }),
        expect.objectContaining({ EventType: "ExecutionCompleted", Result: { result: { n: 1 } } }),
      ],
    },
  };

  expect(resident(before)).toEqual(["waiting"]);
  expect(await ask(before, `/instances/done-1${HISTORY}`)).toMatchObject(expected);
  const all = await ask(before, "/instances");
  before.close();
  const after = open({ folder, clock: before.clock });
  expect(resident(after)).toEqual(["waiting"]);
  expect(await ask(after, `/instances/done-1${HISTORY}`)).toMatchObject(expected);
  expect((await ask(after, "/instances")).body).toEqual(all.body);
  expect((await ask(after, "/instances/failed")).body).toMatchObject({ runtimeStatus: "Failed", input: "fail" });
  expect((await ask(after, "/instances/stopped")).body).toMatchObject({
    runtimeStatus: "Terminated",
    output: "enough",
  });
});

test("lists, filters and pages go over live and finished orchestrations alike", async ({ expect }) => {
  const hub = await startSome(temporaryFolder());

  expect(ids(await ask(hub, "/instances"))).toEqual(["done-0", "done-1", "done-2", "failed", "stopped", "waiting"]);
  expect(ids(await ask(hub, "/instances?runtimeStatus=Running,Failed"))).toEqual(["failed", "waiting"]);
  expect(ids(await ask(hub, "/instances?instanceIdPrefix=done"))).toEqual(["done-0", "done-1", "done-2"]);
  const between = "createdTimeFrom=2026-01-01T00:30:00Z&createdTimeTo=2026-01-01T02:30:00Z";
  expect(ids(await ask(hub, `/instances?${between}`))).toEqual(["done-1", "done-2"]);
  const first = await ask(hub, "/instances?top=4");
  const second = await ask(hub, "/instances?top=4", "GET", { "x-ms-continuation-token": first.token });
  expect([ids(first), ids(second), second.token]).toEqual([
    ["done-0", "done-1", "done-2", "failed"],
    ["stopped", "waiting"],
    "",
  ]);
});

test("finished orchestrations are purged by id and by filter, and stay away", async ({ expect }) => {
  const folder = temporaryFolder();
  const hub = await startSome(folder);

  expect(await ask(hub, "/instances/done-0", "DELETE")).toMatchObject({ status: 200, body: { instancesDeleted: 1 } });
  expect((await ask(hub, "/instances/waiting", "DELETE")).status).toBe(412);
  const late = "/instances?createdTimeFrom=2026-01-01T01:30:00Z";
  expect((await ask(hub, late, "DELETE")).body).toEqual({ instancesDeleted: 3 });
  expect((await ask(hub, "/instances/failed")).status).toBe(404);
  expect(ids(await ask(hub, "/instances"))).toEqual(["done-1", "waiting"]);
  hub.close();
  expect(ids(await ask(open({ folder }), "/instances"))).toEqual(["done-1", "waiting"]);
});

test("what is asked of a finished orchestration is answered as ever", async ({ expect }) => {
  const hub = await startSome(temporaryFolder());
  const post = (path: string): Promise<Answer> => ask(hub, path, "POST");

  expect((await post("/instances/done-0/terminate")).status).toBe(410);
  expect((await post("/instances/done-0/rewind")).status).toBe(412);
  expect((await post("/instances/failed/rewind")).status).toBe(501);
  const copy = (await post("/instances/done-1/restart")).body as { id: string };
  expect((await post("/instances/done-0/restart?restartWithNewInstanceId=false")).body).toMatchObject({ id: "done-0" });
  hub.start("done-2", "work", { n: "again" });
  expect(resident(hub)).toEqual(["done-0", "done-2", "waiting", copy.id]);
  await hub.settle();
  expect(resident(hub)).toEqual(["waiting"]);
  expect([copy.id, "done-0", "done-2"].map((id) => hub.output(id))).toEqual([
    { result: { n: 1 } },
    { result: { n: 0 } },
    { result: { n: "again" } },
  ]);
});

test("a start that is delivered again does not begin a finished orchestration anew", async ({ expect }) => {
  const hub = open({ folder: temporaryFolder() });
  const start = { type: "start", executionId: "e", name: "work", version: "", input: "1", parent: null } as const;
  hub.hub.deliver({ to: "a", message: start });
  await hub.settle();
  hub.hub.deliver({ to: "a", message: start });

  expect(resident(hub)).toEqual([]);
});

test("a crash at any commit leaves a finished orchestration whole, and the next start archives it", async ({
  expect,
}) => {
  const whole = await startSome(temporaryFolder());
  const expected = (await ask(whole, `/instances/done-0${HISTORY}`)).body;
  const COMMITS = 5;
  const stays: (readonly string[])[] = [];
  let crashes = 0;

  for (let n = 1; n <= COMMITS; n++) {
    for (const when of ["before", "after"] as const) {
      const folder = temporaryFolder();
      let commits = 0;
      const onCommit = (side: "before" | "after"): void => {
        if (side === "before") commits++;
        if (commits === n && side === when) throw new Error("crash");
      };
      const crashing = open({ folder, faults: { onCommit } });
      try {
        crashing.start("done-0", "work", { n: 0 });
        await crashing.settle();
      } catch (error) {
        if ((error as Error).message !== "crash") throw error;
        crashes++;
      }
      crashing.close();

      const after = open({ folder });
      if (after.hub.state.instances.summary("done-0") === undefined) after.start("done-0", "work", { n: 0 });
      await after.settle();
      stays.push(resident(after));
      expect((await ask(after, `/instances/done-0${HISTORY}`)).body, `crash ${when} commit ${n}`).toEqual(expected);
    }
  }
  expect([crashes, stays.flat()]).toEqual([2 * COMMITS, []]);
});

test("a folder of the version before, without an archive, is taken over", async ({ expect }) => {
  const folder = temporaryFolder();
  const hub = await startSome(folder);
  const expected = (await ask(hub, `/instances${HISTORY}`)).body;
  hub.close();
  const path = join(folder, "state.journal");
  const lines = readFileSync(path, "utf8").split("\n");
  const old = lines.with(0, '{"kind":"functions-host","version":1}').filter((line) => !line.includes('"k":"archived"'));
  writeFileSync(path, old.join("\n"));
  rmSync(join(folder, "archive"), { recursive: true });

  const after = open({ folder });

  expect(resident(after)).toEqual(["waiting"]);
  expect((await ask(after, `/instances${HISTORY}`)).body).toEqual(expected);
  expect(readFileSync(path, "utf8")).toMatch(/^\{"kind":"functions-host","version":3\}\n/);
});

test("the journal and the archive are bounded by what is kept, and compacting them loses nothing", async ({
  expect,
}) => {
  const folder = temporaryFolder();
  const hub = await startSome(folder, { storage: { compactAtBytes: 10_000 } });
  for (let n = 0; n < 15; n++) {
    hub.start("again", "work", { n, text: "x".repeat(1_000) });
    await hub.settle();
  }

  expect(readFileSync(join(folder, "state.journal")).length).toBeLessThan(25_000);
  const expected = (await ask(hub, "/instances")).body;
  hub.close();
  expect((await ask(open({ folder }), "/instances")).body).toEqual(expected);
});

test("an instance whose text was changed in the archive is no answer, and the others go on", async ({ expect }) => {
  const folder = temporaryFolder();
  const hub = await startSome(folder);
  const archive = join(folder, "archive", "1.jsonl");
  writeFileSync(archive, readFileSync(archive, "utf8").replaceAll('\\"n\\":1', '\\"n\\":7'));

  expect(() => hub.instance("done-1")).toThrow(expect.objectContaining({ code: "DamagedData" }));
  expect((await ask(hub, "/instances/done-2")).body).toMatchObject({ output: { result: { n: 2 } } });
});
