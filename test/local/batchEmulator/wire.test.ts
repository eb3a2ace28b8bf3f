import { test } from "vitest";
import { addPoolAndJob, IMAGE, startVirtualFixture } from "./emulator.ts";
import { raw } from "./rawHttp.ts";

const POOL = {
  id: "p",
  vmSize: "STANDARD_D2S_V3",
  targetDedicatedNodes: 0,
  virtualMachineConfiguration: { ...IMAGE, nodePlacementConfiguration: { policy: "zonal" } },
  startTask: {
    commandLine: "x",
    waitForSuccess: false,
    userIdentity: { autoUser: { scope: "Pool", elevationLevel: "Admin" } },
  },
  taskSchedulingPolicy: { nodeFillType: "PACK" },
};

test("a success is chunked JSON with the headers of the service and an ETag without quotes", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  await raw(emulator, { method: "POST", path: "/pools", body: POOL });

  const { headers, json, status } = await raw(emulator, { path: "/pools/p" });

  expect(status).toBe(200);
  expect(headers).toMatchObject({
    "content-type": "application/json;odata=minimalmetadata",
    dataserviceversion: "3.0",
    server: "Microsoft-HTTPAPI/2.0",
    "transfer-encoding": "chunked",
    "x-content-type-options": "nosniff",
    "last-modified": "Thu, 01 Jan 2026 12:00:00 GMT",
  });
  expect(headers["content-length"]).toBeUndefined();
  expect(headers["request-id"]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  expect(headers.etag).toMatch(/^0x[0-9A-F]+$/);
  expect(json["eTag"]).toBe(headers.etag);
  expect(json["odata.metadata"]).toBe(`${emulator.endpoint}/$metadata#pools/@Element`);
});

test("enumerations leave in the one case of the service, however they came", async ({ expect }) => {
  const { emulator, clock } = await startVirtualFixture({ virtualTasks: { seconds: 60, failureRate: 1 } });
  await raw(emulator, { method: "POST", path: "/pools", body: { ...POOL, targetDedicatedNodes: 1 } });
  const job = { id: "j", poolInfo: { poolId: "p" }, onAllTasksComplete: "NoAction", onTaskFailure: "NOACTION" };
  await raw(emulator, { method: "POST", path: "/jobs", body: job });
  await raw(emulator, { method: "POST", path: "/jobs/j/tasks", body: { id: "t", commandLine: "x" } });
  await clock.advance(0);

  const pool = await raw(emulator, { path: "/pools/p" });
  const nodes = await raw(emulator, { path: "/pools/p/nodes" });
  await clock.advance(500_000);
  const task = await raw(emulator, { path: "/jobs/j/tasks/t" });

  expect(pool.json).toMatchObject({
    vmSize: "standard_d2s_v3",
    state: "active",
    allocationState: "steady",
    taskSchedulingPolicy: { nodeFillType: "Pack" },
    startTask: { userIdentity: { autoUser: { scope: "pool", elevationLevel: "admin" } } },
    virtualMachineConfiguration: { nodePlacementConfiguration: { policy: "Zonal" } },
  });
  expect(nodes.text).toContain('"schedulingState":"enabled"');
  expect((await raw(emulator, { path: "/jobs/j" })).json).toMatchObject({
    onAllTasksComplete: "noaction",
    onTaskFailure: "noaction",
  });
  expect(task.json).toMatchObject({
    state: "completed",
    executionInfo: { result: "failure", failureInfo: { category: "UserError", code: "FailureExitCode" } },
  });
});

test("an error has its length, its text as reason phrase and the request's id in its message", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();

  const { status, reason, headers, json, text } = await raw(emulator, { path: "/jobs/none" });

  expect(status).toBe(404);
  expect(reason).toBe("The specified job does not exist.");
  expect(headers["content-length"]).toBe(String(Buffer.byteLength(text)));
  expect(json).toMatchObject({
    "odata.metadata": `${emulator.endpoint}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.Container.errors/@Element`,
    code: "JobNotFound",
    message: {
      lang: "en-US",
      value: `The specified job does not exist.\nRequestId:${String(headers["request-id"])}\nTime:2026-01-01T12:00:00Z`,
    },
  });
  expect(json["values"]).toBeUndefined();
});

test("a bad property is named with its value and the reason", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();

  const bad = await raw(emulator, { method: "POST", path: "/jobs", body: { id: "a b", poolInfo: { poolId: "p" } } });
  const missing = await raw(emulator, { method: "POST", path: "/jobs", body: { id: "a" } });

  expect(bad.status).toBe(400);
  expect(bad.json).toMatchObject({
    code: "InvalidPropertyValue",
    values: [
      { key: "PropertyName", value: "id" },
      { key: "PropertyValue", value: "a b" },
      { key: "Reason", value: expect.stringContaining("alphanumeric") },
    ],
  });
  expect(missing.json).toMatchObject({
    code: "MissingRequiredProperty",
    values: [{ key: "PropertyName", value: "poolInfo" }],
  });
});

test("the location of a new pool and task is their own, that of a job is always job-1", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const post = (path: string, body: object) => raw(emulator, { method: "POST", path, body });

  const pool = await post("/pools", POOL);
  const job = await post("/jobs", { id: "j", poolInfo: { poolId: "p" } });
  const task = await post("/jobs/j/tasks", { id: "t", commandLine: "x" });

  expect([pool, job, task].map(({ status, text }) => [status, text])).toEqual([
    [201, ""],
    [201, ""],
    [201, ""],
  ]);
  expect(pool.headers).toMatchObject({
    location: `${emulator.endpoint}/pools/p`,
    dataserviceid: pool.headers.location,
  });
  expect(job.headers.location).toBe(`${emulator.endpoint}/jobs/job-1`);
  expect(task.headers.location).toBe(`${emulator.endpoint}/jobs/j/tasks/t`);
  expect(task.headers["content-type"]).toBeUndefined();
});

test("every operation answers exactly the status of the service", async ({ expect }) => {
  const { emulator, client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await client.task.add("job", { id: "t", commandLine: "x" });
  await clock.advance(0);
  const [node] = await client.computeNode.list("pool");
  const status = async (method: string, path: string, body?: object) =>
    (await raw(emulator, { method, path, ...(body !== undefined && { body }) })).status;

  expect(await status("HEAD", "/pools/pool")).toBe(200);
  expect(await status("PATCH", "/pools/pool", {})).toBe(200);
  expect(await status("POST", "/pools/pool/updateproperties", { metadata: [] })).toBe(204);
  expect(await status("POST", `/pools/pool/nodes/${node?.id}/disablescheduling`)).toBe(200);
  expect(await status("POST", `/pools/pool/nodes/${node?.id}/enablescheduling`)).toBe(200);
  expect(await status("GET", `/pools/pool/nodes/${node?.id}/remoteloginsettings`)).toBe(200);
  expect(await status("POST", `/pools/pool/nodes/${node?.id}/reboot`)).toBe(202);
  expect(await status("PUT", "/jobs/job", { poolInfo: { poolId: "pool" } })).toBe(200);
  expect(await status("PATCH", "/jobs/job", {})).toBe(200);
  expect(await status("GET", "/jobs/job/taskcounts")).toBe(200);
  expect(await status("PUT", "/jobs/job/tasks/t", { constraints: {} })).toBe(200);
  expect(await status("GET", "/jobs/job/tasks/t/subtasksinfo")).toBe(200);
  expect(await status("POST", "/jobs/job/tasks/t/terminate")).toBe(204);
  await clock.advance(0);
  expect(await status("POST", "/jobs/job/tasks/t/reactivate")).toBe(204);
  expect(await status("DELETE", "/jobs/job/tasks/t")).toBe(200);
  expect(await status("POST", "/jobs/job/disable", { disableTasks: "wait" })).toBe(202);
  expect(await status("POST", "/jobs/job/enable")).toBe(202);
  expect(await status("POST", "/jobs/job/terminate")).toBe(202);
  expect(await status("DELETE", "/jobs/job")).toBe(202);
  expect(await status("POST", "/pools/pool/resize", { targetDedicatedNodes: 0 })).toBe(202);
  expect(await status("POST", "/pools/pool/stopresize")).toBe(202);
  expect(await status("DELETE", "/pools/pool")).toBe(202);
});

test("an operation that is not implemented answers 501 with its name", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();

  const applications = await raw(emulator, { path: "/applications" });
  const network = await raw(emulator, {
    method: "POST",
    path: "/jobs",
    body: { id: "j", poolInfo: { poolId: "p" }, networkConfiguration: { subnetId: "s" } },
  });

  expect(applications.status).toBe(501);
  expect(applications.reason).toBe("The Batch emulator does not implement Application_List.");
  expect(network.status).toBe(501);
  expect(network.reason).toContain("networkConfiguration");
});

test("a property that is not implemented answers 501 with its name, even in place of a required one", async ({
  expect,
}) => {
  const { emulator } = await startVirtualFixture();

  const classic = await raw(emulator, {
    method: "POST",
    path: "/pools",
    body: { id: "p", vmSize: POOL.vmSize, targetDedicatedNodes: 0, cloudServiceConfiguration: { osFamily: "6" } },
  });

  expect(classic.status).toBe(501);
  expect(classic.reason).toContain("cloudServiceConfiguration");
});

test("unknown paths, verbs, versions and bodies are refused in the words of the service", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const code = async (options: Parameters<typeof raw>[1]) => {
    const { status, json } = await raw(emulator, options);
    return [status, json["code"]];
  };

  expect(await code({ path: "/nothing" })).toEqual([400, "InvalidUri"]);
  expect(await code({ method: "PATCH", path: "/jobs", body: {} })).toEqual([405, "UnsupportedHttpVerb"]);
  expect(await code({ path: "/jobs?api-version=" })).toEqual([400, "MissingRequiredQueryParameter"]);
  expect(await code({ path: "/jobs?api-version=latest" })).toEqual([400, "UnsupportedRequestVersion"]);
  expect(await code({ path: "/jobs?maxresults=1001" })).toEqual([400, "OutOfRangeQueryParameterValue"]);
  expect(await code({ path: "/jobs?$filter=x" })).toEqual([400, "InvalidQueryParameterValue"]);
  expect(await code({ path: "/jobs?$select=x" })).toEqual([400, "InvalidQueryParameterValue"]);
  expect(await code({ method: "POST", path: "/jobs", body: "{" })).toEqual([400, "InvalidRequestBody"]);
  expect(await code({ method: "POST", path: "/jobs", body: "[]" })).toEqual([400, "InvalidRequestBody"]);
});

test("a body over 1 MiB is refused with the limit, and the connection goes on", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const large = { id: "t", commandLine: "x".repeat(1_048_576) };

  const { status, json } = await raw(emulator, { method: "POST", path: "/jobs/j/tasks", body: large });

  expect(status).toBe(413);
  expect(json).toMatchObject({ code: "RequestBodyTooLarge", values: [{ key: "MaxLimit", value: "1048576" }] });
});

test("a wrong signature gets the text that the server signed, and no key", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const authorization = `SharedKey ${emulator.accountName}:${Buffer.from("wrong").toString("base64")}`;

  const { status, json, text } = await raw(emulator, { path: "/jobs", authorization });

  expect(status).toBe(403);
  expect(json).toMatchObject({
    code: "AuthenticationFailed",
    values: [{ key: "AuthenticationErrorDetail", value: expect.stringContaining(`/${emulator.accountName}/jobs`) }],
  });
  expect(text).not.toContain(emulator.accountKey);
});

test("requests without a credential, of another account or of yesterday are refused", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const status = async (options: object) => (await raw(emulator, { path: "/jobs", ...options })).status;

  expect(await status({ authorization: null })).toBe(400);
  expect(await status({ authorization: "Basic x" })).toBe(400);
  expect(await status({ authorization: "SharedKey devbatch" })).toBe(400);
  expect(await status({ authorization: "SharedKey other:AAAA" })).toBe(403);
  expect(await status({ date: "Thu, 01 Jan 2026 00:00:00 GMT" })).toBe(403);
});

test("the secondary key is as good as the primary", async ({ expect }) => {
  const [primary, secondary] = ["first", "second"].map((text) => Buffer.from(text).toString("base64"));
  const { emulator } = await startVirtualFixture({ accountKeys: [primary ?? "", secondary ?? ""] });

  const answer = await raw({ ...emulator, accountKey: secondary ?? "" }, { path: "/jobs" });

  expect(answer.status).toBe(200);
});

test("a bearer token must be for Batch and not expired", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const token = (claims: object) => `Bearer e30.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.x`;
  const call = (authorization: string) => raw(emulator, { path: "/jobs", authorization });
  const exp = Math.floor(Date.now() / 1000) + 60;

  const good = await call(token({ aud: "https://batch.core.windows.net/", exp }));
  const management = await call(token({ aud: "https://management.azure.com/", exp }));

  expect(good.status).toBe(200);
  expect(management.status).toBe(401);
  expect(management.headers["www-authenticate"]).toMatch(/^Bearer /);
  expect(management.text).toContain("https://management.azure.com/");
  expect((await call(token({ aud: "https://batch.core.windows.net", exp: 1 }))).status).toBe(401);
  expect((await call("Bearer abc")).status).toBe(401);
});

test("the client's request id comes back only if it asks for it", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  const headers = { "client-request-id": "mine" };

  const silent = await raw(emulator, { path: "/jobs", headers });
  const asked = await raw(emulator, { path: "/jobs", headers: { ...headers, "return-client-request-id": "true" } });

  expect(silent.headers["client-request-id"]).toBeUndefined();
  expect(asked.headers["client-request-id"]).toBe("mine");
});

test("conditional headers decide on ETag and date, with and without quotes", async ({ expect }) => {
  const { emulator } = await startVirtualFixture();
  await raw(emulator, { method: "POST", path: "/pools", body: POOL });
  const { etag = "" } = (await raw(emulator, { path: "/pools/p" })).headers;
  const get = async (headers: Record<string, string>) => (await raw(emulator, { path: "/pools/p", headers })).status;
  const patch = async (headers: Record<string, string>) =>
    (await raw(emulator, { method: "PATCH", path: "/pools/p", body: {}, headers })).status;

  expect(await get({ "if-none-match": etag })).toBe(304);
  expect(await get({ "if-none-match": `"${etag}"` })).toBe(304);
  expect(await get({ "if-match": "0x0" })).toBe(412);
  expect(await get({ "if-modified-since": "Thu, 01 Jan 2026 12:00:00 GMT" })).toBe(304);
  expect(await get({ "if-unmodified-since": "Thu, 01 Jan 2026 11:59:59 GMT" })).toBe(412);
  expect(await get({ "if-none-match": "0x0", "if-modified-since": "Thu, 01 Jan 2026 12:00:00 GMT" })).toBe(200);
  expect(await get({ "if-match": etag, "if-none-match": etag })).toBe(400);
  expect(await get({ "if-modified-since": "yesterday" })).toBe(400);
  expect(await patch({ "if-match": "0x0" })).toBe(412);
  expect(await patch({ "if-none-match": etag })).toBe(412);
  expect(await patch({ "if-match": `"${etag}"` })).toBe(200);
  expect(await patch({ "if-match": etag })).toBe(412);
});

test("lists come in pages with an absolute link that keeps the query", async ({ expect }) => {
  const { client } = await startVirtualFixture();
  await client.job.add({ id: "job", poolInfo: { poolId: "none" } });
  const tasks = Array.from({ length: 25 }, (_, i) => ({ id: `t${i}`, commandLine: "x" }));
  await client.task.addCollection("job", tasks);
  const taskListOptions = { maxResults: 10, select: "id,state", filter: "startswith(id,'t1')" };

  const pages = [await client.task.list("job", { taskListOptions })];
  for (let link = pages[0]?.odatanextLink; link !== undefined; link = pages.at(-1)?.odatanextLink) {
    pages.push(await client.task.listNext(link));
  }

  const found = pages.flatMap((page) => [...page]);
  expect(pages.map((page) => page.length)).toEqual([10, 1]);
  expect(new Set(found.map((task) => task.id)).size).toBe(11);
  expect(Object.keys(found[0] ?? {})).toEqual(["id", "state"]);
});

test("statistics are expanded on request, and nothing else can be", async ({ expect }) => {
  const { client, emulator } = await startVirtualFixture();
  await addPoolAndJob(client);

  const job = await client.job.get("job", { jobGetOptions: { expand: "stats" } });

  expect(job.stats).toMatchObject({ numSucceededTasks: 0, userCPUTime: "PT0S" });
  expect((await client.job.get("job")).stats).toBeUndefined();
  expect((await raw(emulator, { path: "/jobs/job?$expand=tasks" })).status).toBe(400);
});

test("a node keeps its image in the answer whatever was selected", async ({ expect }) => {
  const { client, clock } = await startVirtualFixture();
  await addPoolAndJob(client);
  await clock.advance(0);

  const [node] = await client.computeNode.list("pool", { computeNodeListOptions: { select: "id,state" } });

  expect(Object.keys(node ?? {})).toEqual(["id", "state", "virtualMachineInfo"]);
});
