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
  const env = {
    FUNCTIONS_HOST_FUNCTION_KEY: "function-key",
    FUNCTIONS_HOST_MASTER_KEY: "master-key",
    AzureWebJobs__off__Disabled: "true",
  };
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
  const json = { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  return fetch(url, { method: "POST", ...(body === undefined ? {} : json) });
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
  await host.logged(/^\[information\] echo: echo 5 a$/);
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
  await host.logged(/on purpose/);
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

test("a function with a retry policy runs until it succeeds, and is told how often it was tried", async ({
  expect,
}) => {
  expect(await (await fetch(`${api}/flaky`)).json()).toEqual({
    tries: 3,
    retryContext: {
      retryCount: 2,
      maxRetryCount: 2,
      exception: expect.objectContaining({ message: "try 2" }) as unknown,
    },
    traceContext: { traceParent: "", traceState: "", attributes: {} },
  });
});

test("a function that a setting disables is not there, and functions can be run by hand with the master key", async ({
  expect,
}) => {
  const run = async (name: string, body = "{}", type = "application/json", key = "master-key"): Promise<number> => {
    const headers = { "content-type": type, "x-functions-key": key };
    return (await fetch(`${host.url}/admin/functions/${name}`, { method: "POST", body, headers })).status;
  };

  expect((await fetch(`${api}/off`)).status).toBe(404);
  expect(await run("Warm")).toBe(202);
  await host.logged(/warm: warm/);
  expect(await run("tick", '{"input":"now"}')).toBe(202);
  expect(await run("nobody")).toBe(404);
  expect(await run("warm", "")).toBe(400);
  expect(await run("warm", "{}", "text/plain")).toBe(415);
  expect(await run("warm", "{}", "application/json", "function-key")).toBe(401);
  expect(await run("echo")).toBe(501);
});

test("callHttp follows redirects, and gives several cookies as an array", async ({ expect }) => {
  const request = { method: "POST", url: `${api}/moved`, body: "text" };

  const { output } = await waitFor(await start("callHttp", "call-1", request), "Completed");

  expect(output).toMatchObject({
    statusCode: 200,
    content: "GET ",
    headers: { "Set-Cookie": ["a=1; path=/", "b=2; path=/"] },
  });
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
  await host.logged(/step 3 of log-1/);

  expect(host.log().match(/step \d of log-1/g)).toEqual(["step 1 of log-1", "step 2 of log-1", "step 3 of log-1"]);
});

test("the links require their key", async ({ expect }) => {
  const { statusQueryGetUri } = await start("chain", "links-2", 1);

  expect((await fetch(statusQueryGetUri.replace(/code=[^&]+/, "code=wrong"))).status).toBe(401);
  expect((await fetch(statusQueryGetUri.replace("links-2", "nobody"))).status).toBe(404);
});

test("an event is raised by its link, and only with JSON that says that it is", async ({ expect }) => {
  const links = await start("waitForEvent", "links-3");
  const url = links.sendEventPostUri.replace("{eventName}", "Go");

  const bare = await fetch(url, { method: "POST", body: "{}" });
  const headers = { "content-type": "application/json" };
  const noJson = await fetch(url, { method: "POST", body: "no JSON", headers });
  const nobody = await post(url.replace("links-3", "nobody"), {});

  expect([bare.status, await bare.json()]).toEqual([
    400,
    { Message: "Only application/json request content is supported" },
  ]);
  expect([noJson.status, await noJson.json()]).toEqual([400, { Message: "Invalid JSON content" }]);
  expect(bare.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect([nobody.status, await nobody.text()]).toEqual([404, ""]);
  expect((await post(url, { a: 1 })).status).toBe(202);
  expect(await waitFor(links, "Completed")).toMatchObject({ output: { got: { a: 1 } } });
  const late = await post(url, { a: 2 });
  expect([late.status, await late.text()]).toEqual([410, ""]);
});

test("an instance is suspended, resumed and terminated by its links, and neither twice", async ({ expect }) => {
  const links = await start("waitForEvent", "links-4");
  await waitFor(links, "Running");

  await post(links.suspendPostUri.replace("{text}", "lunch"));
  await waitFor(links, "Suspended");
  const again = await post(links.suspendPostUri);
  await post(links.resumePostUri.replace("{text}", "back"));
  await waitFor(links, "Running");
  const resumed = await post(links.resumePostUri);
  await post(links.terminatePostUri.replace("{text}", "enough"));

  expect(await waitFor(links, "Terminated")).toMatchObject({ output: "enough" });
  expect([again.status, await again.json()]).toEqual([
    500,
    {
      Message: "Something went wrong while processing your request",
      ExceptionMessage: "Cannot suspend the orchestration instance links-4 because instance is in the Suspended state.",
    },
  ]);
  expect([resumed.status, await resumed.text()]).toEqual([500, expect.stringMatching(/Cannot resume .* Running/)]);
});

test("an instance that runs is not purged, a finished one is", async ({ expect }) => {
  const links = await start("waitForEvent", "links-5");
  await waitFor(links, "Running");

  const refused = await fetch(links.purgeHistoryDeleteUri, { method: "DELETE" });
  expect([refused.status, await refused.json()]).toEqual([
    412,
    "Only orchestrations in a terminal state can be purged, but the orchestration with instance ID links-5 has status Running",
  ]);
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
  const nobody = await post(links.restartPostUri.replace("links-6", "nobody"));

  expect(rewind.status).toBe(501);
  expect(await rewind.text()).toContain("does not rewind instances");
  expect([nobody.status, await nobody.json()]).toEqual([
    400,
    { Message: "InstanceId does not match a valid orchestration instance." },
  ]);
  expect(restarted.id).not.toBe("links-6");
  expect(await waitFor(restarted, "Failed")).toMatchObject({ input: 1 });
});

test("a live id and a bad id are refused with a reason", async ({ expect }) => {
  const { statusQueryGetUri, restartPostUri } = await start("waitForEvent", "links-7");
  const create = (id: string): Promise<Response> =>
    post(statusQueryGetUri.replace("instances/links-7", `orchestrators/waitForEvent/${encodeURIComponent(id)}`), null);

  const live = await create("links-7");
  const again = await post(`${restartPostUri}&restartWithNewInstanceId=false`);
  const bad = await create("a#b");
  const long = await create("a".repeat(257));

  expect([live.status, again.status, bad.status, long.status]).toEqual([409, 409, 400, 400]);
  expect(await live.json()).toEqual({ Message: expect.stringMatching(/^An Orchestration instance with the status /) });
  expect(await again.json()).toEqual({ Message: "A non-terminal instance with this instance ID already exists." });
});

test("what cannot be read fails the instance that it has started, as on Azure", async ({ expect }) => {
  const { statusQueryGetUri } = await start("waitForEvent", "links-10");
  const end = async (path: string, init: RequestInit): Promise<unknown> => {
    const url = statusQueryGetUri.replace("instances/links-10", `orchestrators/${path}`);
    const started = await fetch(url, { method: "POST", ...init });
    expect(started.status).toBe(202);
    return waitFor((await started.json()) as Links, "Failed");
  };
  const noBody = expect.stringMatching(
    /^Orchestrator function 'chain' failed: it was started over HTTP without a body/,
  );

  expect(await end("chain/links-11", {})).toMatchObject({ input: "", output: noBody });
  expect(await end("chain/links-12", { body: new URLSearchParams({ a: "1" }) })).toMatchObject({ output: noBody });
  expect(await end("nobody/links-13", { body: "1" })).toMatchObject({
    input: 1,
    output: expect.stringMatching(
      /^Orchestrator function 'nobody' failed: The function 'nobody' doesn't exist, is disabled, or is not an orchestrator function\. Additional info: The following are the known orchestrator functions: 'chain', /,
    ),
  });
});

test("a start that waits answers with the output, and with the status of an instance that has failed", async ({
  expect,
}) => {
  const { statusQueryGetUri } = await start("waitForEvent", "links-8");
  const url = (name: string, seconds: number): string =>
    `${statusQueryGetUri.replace("instances/links-8", `orchestrators/${name}`)}&timeout=${seconds}&pollingInterval=1`;

  const completed = await post(url("chain", 30), 3);
  const failed = await post(url("failing", 30), 3);
  const asError = await post(`${url("failing", 30)}&returnInternalServerErrorOnFailure=True`, 3);
  const waiting = await post(url("waitForEvent", 0.01).replace("pollingInterval=1", "pollingInterval=0.01"), 3);
  const tooShort = await post(url("waitForEvent", 0.5), 3);

  expect([completed.status, failed.status, asError.status, waiting.status]).toEqual([200, 200, 500, 202]);
  expect(await completed.json()).toBe(24);
  expect(await failed.json()).toMatchObject({ runtimeStatus: "Failed" });
  expect([tooShort.status, await tooShort.json()]).toEqual([
    400,
    { Message: "Total timeout 0.5 should be bigger than retry timeout 1" },
  ]);
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
  const unfiltered = await fetch(`${all}&createdTimeFrom=soon`, { method: "DELETE" });
  expect([unfiltered.status, await unfiltered.json()]).toEqual([
    400,
    "Please provide value for 'createdTimeFrom' parameter.",
  ]);
});

test("filters that cannot be read are ignored, flags and paths may be of any case, and another hub is empty", async ({
  expect,
}) => {
  const { statusQueryGetUri: link } = await start("waitForEvent", "Loose-1", { a: 1 });
  const list = async (query: string): Promise<unknown> =>
    (await fetch(`${link.replace("Loose-1", "")}&instanceIdPrefix=Loose-${query}`)).json();
  const found = [expect.objectContaining({ instanceId: "Loose-1" })];

  expect(await list("&runtimeStatus=Bogus&createdTimeFrom=soon&top=x")).toEqual(found);
  expect(await list("&top=0")).toEqual([]);
  expect(await list("&runtimeStatus=completed,Canceled")).toEqual([]);
  expect(await list("&showInput=False")).toMatchObject([{ input: null }]);
  const inCapitals = link.replace("/runtime/webhooks/durabletask/instances", "/Runtime/Webhooks/DurableTask/Instances");
  expect((await fetch(inCapitals)).status).toBe(202);
  expect((await fetch(link.replace("Loose-1", "LOOSE-1"))).status).toBe(404);
  expect((await fetch(link.replace(/taskHub=\w+/, "taskHub=Another"))).status).toBe(404);
  expect((await fetch(link.replace("Loose-1", "Loose-1/nothing"))).status).toBe(404);
});

test("entities take operations with JSON or text, and are listed page by page", async ({ expect }) => {
  const { statusQueryGetUri } = await start("waitForEvent", "links-9");
  const entities = (path: string): string => statusQueryGetUri.replace("instances/links-9", `entities${path}`);
  const signal = (path: string, type: string, body: string): Promise<Response> =>
    fetch(entities(path), { method: "POST", body, headers: { "content-type": type } });
  const state = async (key: string): Promise<unknown> => {
    for (;;) {
      const response = await fetch(entities(`/note/${key}`));
      if (response.status === 200) return response.json();
    }
  };

  const op = (key: string): string => entities(`/Note/${key}`).replace("?", "?op=set&");
  const put = (key: string, type: string, body: string): Promise<Response> =>
    fetch(op(key), { method: "POST", body, headers: { "content-type": type } });
  expect((await put("a", "application/json", '{"n":1}')).status).toBe(202);
  expect((await put("B", "text/plain", "plain")).status).toBe(202);
  expect((await put("c", "application/json", "no JSON")).status).toBe(400);
  expect((await put("d", "application/x-www-form-urlencoded", "a=1")).status).toBe(202);
  const nobody = await signal("/nobody/a", "application/json", "1");
  expect([nobody.status, await nobody.json()]).toEqual([
    400,
    {
      Message:
        "The function 'nobody' doesn't exist, is disabled, or is not an entity function. Additional info: The following are the known entity functions: 'note'.",
    },
  ]);
  expect([await state("a"), await state("B"), await state("d")]).toEqual([{ n: 1 }, "plain", ""]);

  const time = expect.stringMatching(/^\d{4}-.*Z$/) as unknown;
  const first = await fetch(`${entities("")}&fetchState=True&top=1`);
  const token = first.headers.get("x-ms-continuation-token") ?? "";
  const rest = await fetch(entities("/NOTE"), { headers: { "x-ms-continuation-token": token } });

  expect(await first.json()).toEqual([
    { entityId: { name: "note", key: "B" }, lastOperationTime: time, state: "plain" },
  ]);
  expect(await rest.json()).toEqual(
    ["a", "d"].map((key) => ({ entityId: { name: "note", key }, lastOperationTime: time, state: null })),
  );
  expect(await (await fetch(entities("/nobody"))).json()).toEqual([]);
  expect((await fetch(entities("/note/a"), { method: "DELETE" })).status).toBe(202);
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
