import { afterAll, beforeAll, test } from "vitest";
import { head, sendRaw } from "../../security/rawRequest.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, runHostToItsEnd, startHostProcess } from "./hostProcess.ts";
import type { HostProcess } from "./hostProcess.ts";

// One process for all tests of this file: starting one takes most of a second, and no test uses another one's ids.
let host: HostProcess;
let api: string;
const data = temporaryFolder(afterAll);

beforeAll(async () => {
  const env = { FUNCTIONS_HOST_FUNCTION_KEY: "function-key", FUNCTIONS_HOST_MASTER_KEY: "master-key" };
  host = await startHostProcess({ app: fixtureApp("basic"), data, env });
  api = `${host.url}/api`;
});

afterAll(async () => {
  await host.end("SIGTERM");
});

interface Links {
  readonly statusQueryGetUri: string;
  readonly sendEventPostUri: string;
  readonly terminatePostUri: string;
  readonly suspendPostUri: string;
  readonly resumePostUri: string;
  readonly rewindPostUri: string;
  readonly purgeHistoryDeleteUri: string;
  readonly restartPostUri: string;
}

async function start(orchestrator: string, id: string, input: unknown = null): Promise<Links> {
  const response = await post(`${api}/start/${orchestrator}/${id}`, input);
  return (await response.json()) as Links;
}

async function post(url: string, body?: unknown): Promise<Response> {
  return fetch(url, { method: "POST", ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
}

/** The status once it is one of `statuses`; the webhook answers at once, so this asks until then. */
async function waitFor(links: Links, ...statuses: string[]): Promise<Record<string, unknown>> {
  for (;;) {
    const status = (await (await fetch(links.statusQueryGetUri)).json()) as Record<string, unknown>;
    if (statuses.includes(String(status["runtimeStatus"]))) return status;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("an HTTP function gets method, parameters, query and body, and answers with all it says", async ({ expect }) => {
  const response = await fetch(`${api}/ECHO/5%20a?x=1&x=2`, { method: "POST", body: "hello" });

  expect(response.status).toBe(201);
  expect(response.headers.get("x-kind")).toBe("echo");
  expect(response.headers.get("set-cookie")).toBe("a=b%20c; path=/; samesite=lax; httponly");
  expect(await response.json()).toEqual({ method: "POST", params: { id: "5 a" }, query: { x: "1,2" }, body: "hello" });
  expect(host.log()).toContain("[information] echo: echo 5 a");
});

test("the working directory is the folder of the app, as on Azure", async ({ expect }) => {
  expect(await (await fetch(`${api}/folder`)).text()).toBe(fixtureApp("basic"));
});

test("a body without an announced length does not come through, as on Azure", async ({ expect }) => {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("hello"));
      controller.close();
    },
  });

  const response = await fetch(`${api}/echo/1`, { method: "POST", body, duplex: "half" } as RequestInit);

  expect(await response.json()).toMatchObject({ body: "" });
});

test("a body of more than 100 MB is refused, as on Azure", async ({ expect }) => {
  const tooLong = head("POST /api/echo/1 HTTP/1.1", `Host: ${new URL(api).host}`, `Content-Length: ${104_857_601}`);

  expect(await sendRaw(api, tooLong)).toMatchObject({ status: 413 });
});

test("unknown routes answer 404, failures 500 and empty results 204", async ({ expect }) => {
  const status = async (path: string, method = "GET"): Promise<number> =>
    (await fetch(`${api}/${path}`, { method })).status;

  expect(await status("nowhere")).toBe(404);
  expect(await status("echo/1", "PUT")).toBe(404);
  expect(await status("numbers/x")).toBe(404);
  expect(await status("numbers/1")).toBe(200);
  expect(await status("broken")).toBe(500);
  expect(await status("silent")).toBe(204);
  expect(host.log()).toContain("on purpose");
});

test("of several routes that fit, that of the first function in the alphabet counts, as on Azure", async ({
  expect,
}) => {
  const get = await fetch(`${api}/items/newest`);
  const other = await fetch(`${api}/items/newest`, { method: "DELETE" });

  expect(await get.json()).toEqual({ id: "newest" });
  expect(await other.text()).toBe("newest");
});

test("the address of the host alone leads to the page that the app has below its prefix", async ({ expect }) => {
  const response = await fetch(host.url, { redirect: "manual" });

  expect([response.status, response.headers.get("location")]).toEqual([302, "/api/"]);
  expect(await (await fetch(host.url)).text()).toBe("page");
  expect((await fetch(host.url, { method: "POST", redirect: "manual" })).status).toBe(404);
});

test("a function key is required where keys are configured", async ({ expect }) => {
  const status = async (query: string, headers = {}): Promise<number> =>
    (await fetch(`${api}/secret${query}`, { headers })).status;

  expect(await status("")).toBe(401);
  expect(await status("?code=wrong")).toBe(401);
  expect(await status("?code=function-key")).toBe(200);
  expect(await status("", { "x-functions-key": "master-key" })).toBe(200);
});

test("a timer with runOnStartup runs when the host starts", async ({ expect }) => {
  expect(await host.logged(/tick/)).toBe("[information] tick: tick false boolean");
});

test("an orchestration is started, followed and read through the management links", async ({ expect }) => {
  const links = await start("chain", "links-1", 3);

  const status = await waitFor(links, "Completed");
  const withHistory = await (
    await fetch(`${links.statusQueryGetUri}&showHistory=true&showHistoryOutput=true&showInput=false`)
  ).json();

  expect(status).toMatchObject({ name: "chain", instanceId: "links-1", input: 3, output: 24, customStatus: { at: 3 } });
  expect(withHistory).toMatchObject({ input: null });
  const { historyEvents } = withHistory as { historyEvents: Record<string, unknown>[] };
  expect(historyEvents.map(({ EventType }) => EventType)).toEqual([
    "ExecutionStarted",
    "TaskCompleted",
    "TaskCompleted",
    "TaskCompleted",
    "ExecutionCompleted",
  ]);
  expect(historyEvents[1]).toMatchObject({ FunctionName: "double", Result: 6 });
});

test("what an orchestrator logs when it is not replaying is logged once", async ({ expect }) => {
  await waitFor(await start("logging", "log-1"), "Completed");

  expect(host.log().match(/step \d of log-1/g)).toEqual(["step 1 of log-1", "step 2 of log-1", "step 3 of log-1"]);
});

test("the links require their key", async ({ expect }) => {
  const { statusQueryGetUri } = await start("chain", "links-2", 1);

  expect((await fetch(statusQueryGetUri.replace(/code=[^&]+/, "code=wrong"))).status).toBe(401);
  expect((await fetch(statusQueryGetUri.replace("links-2", "nobody"))).status).toBe(404);
});

test("an event is raised by its link, and only with data", async ({ expect }) => {
  const links = await start("waitForEvent", "links-3");
  const url = links.sendEventPostUri.replace("{eventName}", "Go");

  expect((await post(url)).status).toBe(400);
  expect((await post(url, { a: 1 })).status).toBe(202);
  expect(await waitFor(links, "Completed")).toMatchObject({ output: { got: { a: 1 } } });
  expect((await post(url, { a: 2 })).status).toBe(410);
});

test("an instance is suspended, resumed and terminated by its links", async ({ expect }) => {
  const links = await start("waitForEvent", "links-4");
  await waitFor(links, "Running");

  await post(links.suspendPostUri.replace("{text}", "lunch"));
  await waitFor(links, "Suspended");
  await post(links.resumePostUri.replace("{text}", "back"));
  await waitFor(links, "Running");
  await post(links.terminatePostUri.replace("{text}", "enough"));

  expect(await waitFor(links, "Terminated")).toMatchObject({ output: "enough" });
});

test("an instance that runs is not purged, a finished one is", async ({ expect }) => {
  const links = await start("waitForEvent", "links-5");
  await waitFor(links, "Running");

  expect((await fetch(links.purgeHistoryDeleteUri, { method: "DELETE" })).status).toBe(412);
  await post(links.terminatePostUri);
  await waitFor(links, "Terminated");
  expect(await (await fetch(links.purgeHistoryDeleteUri, { method: "DELETE" })).json()).toEqual({
    instancesDeleted: 1,
  });
  expect((await fetch(links.statusQueryGetUri)).status).toBe(404);
});

test("rewind says that it is not supported, and restart starts another instance", async ({ expect }) => {
  const links = await start("failing", "links-6", 1);
  await waitFor(links, "Failed");

  const rewind = await post(links.rewindPostUri);
  const restarted = (await (await post(links.restartPostUri)).json()) as Links & { id: string };

  expect(rewind.status).toBe(501);
  expect(await rewind.text()).toContain("does not rewind instances");
  expect(restarted.id).not.toBe("links-6");
  expect(await waitFor(restarted, "Failed")).toMatchObject({ input: 1 });
});

test("a live id, a bad id and an unknown orchestrator are refused with a reason", async ({ expect }) => {
  const { statusQueryGetUri } = await start("waitForEvent", "links-7");
  const create = (name: string, id: string): Promise<Response> =>
    post(statusQueryGetUri.replace("instances/links-7", `orchestrators/${name}/${encodeURIComponent(id)}`), null);

  const live = await create("waitForEvent", "links-7");
  const bad = await create("waitForEvent", "a#b");
  const unknown = await create("nobody", "x");

  expect([live.status, bad.status, unknown.status]).toEqual([409, 400, 400]);
  expect(await unknown.text()).toContain("The function 'nobody' doesn't exist");
});

test("a start that waits answers with the output", async ({ expect }) => {
  const { statusQueryGetUri } = await start("waitForEvent", "links-8");
  const url = (name: string, seconds: number): string =>
    `${statusQueryGetUri.replace("instances/links-8", `orchestrators/${name}`)}&timeout=${seconds}&pollingInterval=1`;

  const completed = await post(url("chain", 30), 3);
  const failed = await post(url("failing", 30), 3);
  const waiting = await post(url("waitForEvent", 0.01), 3);

  expect([completed.status, failed.status, waiting.status]).toEqual([200, 500, 202]);
  expect(await completed.json()).toBe(24);
});

test("instances are listed page by page and purged by filter", async ({ expect }) => {
  const links = await start("chain", "page-0", 1);
  for (const id of ["page-1", "page-2"]) await waitFor(await start("chain", id, 1), "Completed");
  await waitFor(links, "Completed");
  const all = links.statusQueryGetUri.replace("page-0", "");
  const query = "&instanceIdPrefix=page-&top=2&runtimeStatus=Completed,Failed";

  const first = await fetch(`${all}${query}`);
  const token = first.headers.get("x-ms-continuation-token") ?? "";
  const second = await fetch(`${all}${query}`, { headers: { "x-ms-continuation-token": token } });
  const purgeAll = `${all}&createdTimeFrom=2000-01-01T00:00:00Z&instanceIdPrefix=page-`;

  expect(((await first.json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId)).toEqual([
    "page-0",
    "page-1",
  ]);
  expect(((await second.json()) as { instanceId: string }[]).map(({ instanceId }) => instanceId)).toEqual(["page-2"]);
  expect(second.headers.get("x-ms-continuation-token")).toBe("");
  expect(await (await fetch(purgeAll, { method: "DELETE" })).json()).toEqual({ instancesDeleted: 3 });
  expect((await fetch(all, { method: "DELETE" })).status).toBe(400);
});

test("the SDK's own client gets what it expects", async ({ expect }) => {
  const sdk = async (call: string, id: string, body?: unknown): Promise<unknown> => {
    const response = await post(`${api}/client/${call}/${id}`, body);
    return response.status === 200 ? response.json() : response.status;
  };
  await start("waitForEvent", "sdk-1");

  expect((await fetch(`${api}/status/nobody`)).status).toBe(404);
  expect(await sdk("raiseEvent", "sdk-1/Go", { b: 2 })).toBe(202);
  expect(await sdk("terminate", "sdk-1")).toBe(202);
  expect(await sdk("purge", "nobody")).toEqual({ instancesDeleted: 0 });
  expect(await sdk("all", "x")).toEqual(expect.arrayContaining([expect.objectContaining({ instanceId: "sdk-1" })]));
});

test.for([
  ["FUNCTIONS_HOST_CORS", "*"],
  ["FUNCTIONS_HOST_CORS", "http://localhost:3000/"],
  ["FUNCTIONS_REQUEST_BODY_SIZE_LIMIT", "100 MB"],
] as const)("the setting %s does not take %j", async ([name, value], { expect }) => {
  const env = { [name]: value };
  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("basic"), data: temporaryFolder(), env });

  expect([code, stderr]).toEqual([2, expect.stringMatching(new RegExp(`^WrongUsage: ${name} must `))]);
  expect(stderr).toContain(`"${value}"`);
});

test("a second host on the same data folder is refused", async ({ expect }) => {
  const { code, stderr } = await runHostToItsEnd({ app: fixtureApp("basic"), data });

  expect(code).toBe(2);
  expect(stderr).toContain(`Another Functions host (process ${host.child.pid}) is using`);
});
