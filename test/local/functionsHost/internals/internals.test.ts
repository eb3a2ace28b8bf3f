/* oxlint-disable require-yield -- an orchestrator is a generator even when it calls nothing */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import type { OrchestrationHandler } from "durable-functions";
import { test } from "vitest";
import { ActionType } from "../../../../src/local/functionsHost/engine/actions.ts";
import { EventType } from "../../../../src/local/functionsHost/engine/history.ts";
import type { EventBody, HistoryEvent } from "../../../../src/local/functionsHost/engine/history.ts";
import { readFailedState } from "../../../../src/local/functionsHost/internals/failedState.ts";
import { readOpenTasks } from "../../../../src/local/functionsHost/internals/openTasks.ts";
import { toSdkEvent } from "../../../../src/local/functionsHost/internals/sdkEvents.ts";
import type { InvocationContext } from "../../../../src/local/functionsHost/worker/rpc.ts";
import { builtScript } from "../../../../src/local/kit/appRoot.ts";
import { createTestApp } from "../durable/testApp.ts";

const require = createRequire(import.meta.url);
const DURABLE = `durable-functions ${versionOf("durable-functions")}`;
const FUNCTIONS = `@azure/functions ${versionOf("@azure/functions")} on Node ${process.version}`;

test("the SDK shows which tasks an orchestrator waits for", async ({ expect }) => {
  const { df } = await runFirstTurn(function* (context) {
    yield context.df.Task.any([context.df.callActivity("echo"), context.df.createTimer(new Date("2030-01-01"))]);
  });

  expect(
    readOpenTasks(df),
    `${DURABLE} has no \`openTasks\` on \`context.df.taskOrchestratorExecutor\`: the guard Desync cannot see what an orchestrator waits for`,
  ).toEqual([
    { id: 0, actionType: ActionType.CallActivity, name: "echo" },
    { id: 1, actionType: ActionType.CreateTimer, name: undefined },
  ]);
});

test("the SDK puts the state of an orchestrator that throws into the message of its error", async ({ expect }) => {
  const { error } = await runFirstTurn(function* () {
    throw new Error("no");
  });

  expect(
    JSON.parse(readFailedState((error as Error).message) ?? "null"),
    `${DURABLE} has no \`$OutOfProcData$\` in the error of an orchestrator: the host cannot tell one that failed from one that could not run`,
  ).toMatchObject({ isDone: false, actions: [[]], error: "no" });
});

test("the SDK accepts a trigger made of objects instead of JSON", async ({ expect }) => {
  const { error, time } = await runFirstTurn(function* () {
    return "done";
  });

  expect(
    [error, time],
    `${DURABLE} does not take frozen events with a Date as Timestamp: the host has to give it JSON text at every turn`,
  ).toEqual([undefined, new Date(START)]);
});

test("the library finds its host by Module.prototype.require", ({ expect }) => {
  const registered = runWithLibrary(`
    app.timer("nightly", { schedule: "0 0 0 * * *", handler: () => undefined });
    console.log(JSON.stringify(registered));
  `);

  expect(
    registered,
    `${FUNCTIONS} does not ask \`Module.prototype.require\` for @azure/functions-core: no app can register its functions`,
  ).toEqual(["nightly"]);
});

test("the library's server for streams can be kept to this machine", ({ expect }) => {
  const addresses = runWithLibrary(`
    const { default: net } = await import("node:net");
    const { withListenersOnLoopback } = await import("${built("internals/listenOnLoopback.ts")}");
    const servers = [];
    const { listen } = net.Server.prototype;
    net.Server.prototype.listen = function (...args) {
      servers.push(this);
      return listen.apply(this, args);
    };
    app.setup({ enableHttpStream: true });
    app.http("stream", { handler: () => undefined });
    await withListenersOnLoopback(() => model.current.getCapabilities({}));
    console.log(JSON.stringify(servers.map((server) => server.address().address)));
    process.exit();
  `);

  expect(
    addresses,
    `${FUNCTIONS} does not call \`net.Server.prototype.listen\` without an address: its server for streams may be open to the network`,
  ).toEqual(["127.0.0.1"]);
});

test("the library's server for streams takes a request without a connection", ({ expect }) => {
  const url = runWithLibrary(`
    const { withListenersOnLoopback } = await import("${built("internals/listenOnLoopback.ts")}");
    const { findStreamServer } = await import("${built("internals/streamServer.ts")}");
    app.setup({ enableHttpStream: true });
    app.http("stream", { handler: () => undefined });
    const { servers } = await withListenersOnLoopback(() => model.current.getCapabilities({}));
    const headers = { "x-ms-invocation-id": "1", "x-forwarded-host": "localhost:7071", "x-forwarded-proto": "http" };
    findStreamServer(servers).take({ headers, method: "GET", url: "/api/stream" }, {});
    const trigger = { name: "trigger", data: { http: {} } };
    const invocation = model.current.getInvocationModel({
      invocationId: "1",
      request: { invocationId: "1", inputData: [trigger], triggerMetadata: {} },
      metadata: { name: "stream", bindings: { trigger: { type: "httpTrigger", direction: "in" } } },
      log() {},
    });
    const { inputs } = await invocation.getArguments();
    console.log(JSON.stringify(inputs[0].url));
    process.exit();
  `);

  expect(url, `${FUNCTIONS} does not take streamed requests by the event \`request\` of its server`).toBe(
    "http://localhost:7071/api/stream",
  );
});

const START = "2026-01-01T00:00:00.000Z";

async function runFirstTurn(handler: OrchestrationHandler): Promise<{ df: unknown; time: unknown; error: unknown }> {
  const app = createTestApp({ orchestrations: { orchestrator: handler } });
  const [fn] = app.functions;
  if (fn === undefined) throw new Error("The app has no function");
  const started = {
    EventType: EventType.ExecutionStarted,
    OrchestrationInstance: { InstanceId: "a", ExecutionId: "1" },
    ParentInstance: null,
    Name: "orchestrator",
    Version: "",
    Input: null,
    Tags: null,
  } as const;
  const bodies: EventBody[] = [{ EventType: EventType.OrchestratorStarted }, started];
  const value = {
    history: bodies.map((body) => toSdkEvent({ ...body, EventId: -1, Timestamp: START } as HistoryEvent, false)),
    input: null,
    instanceId: "a",
    parentInstanceId: null,
    isReplaying: false,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 2,
    longRunningTimerIntervalDuration: "3.00:00:00",
    maximumShortTimerDuration: "6.00:00:00",
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  };
  const seen: { context?: InvocationContext } = {};
  const error = await app
    .invoke({ fn, input: null, value, onContext: (context) => (seen.context = context) })
    .then(() => undefined)
    .catch((cause: unknown) => cause);
  const df = seen.context?.df as { readonly currentUtcDateTime?: Date } | undefined;
  return { df, time: df?.currentUtcDateTime, error };
}

/** In a process of its own: a library asks for its host once, and keeps the answer. */
function runWithLibrary(code: string): unknown {
  const script = `
    import { provideCoreModule } from "${built("internals/coreModuleHook.ts")}";
    const registered = [];
    const model = {};
    provideCoreModule({
      version: "3.11.0",
      hostVersion: "4.1048.200",
      Disposable: class {},
      registerFunction: ({ name }) => void registered.push(name),
      setProgrammingModel: (given) => (model.current = given),
      getProgrammingModel: () => model.current,
      log: () => undefined,
    });
    const { app } = await import("@azure/functions");
    ${code}
  `;
  return JSON.parse(execFileSync(process.execPath, ["--input-type=module", "--eval", script], { encoding: "utf8" }));
}

function built(path: string): string {
  return pathToFileURL(builtScript(`local/functionsHost/${path}`)).href;
}

function versionOf(name: string): string {
  return (require(`${name}/package.json`) as { version: string }).version;
}
