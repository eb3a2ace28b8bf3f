import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { BlobServiceClient } from "@azure/storage-blob";
import { openApiFor } from "../../src/functions/http/openApi.ts";
import { WORKLOADS } from "../../src/workloads/index.ts";
import { mp3 } from "../../src/workloads/mp3/index.ts";
import { resultNamesFor } from "../../src/workloads/resultNames.ts";
import { conversionIdOf } from "../../src/model/identity.ts";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";
import type { RegisteredFunction } from "../../src/local/functionsHost/worker/coreModule.ts";
import type { InvocationResult } from "../../src/local/functionsHost/worker/worker.ts";
import type { Logger } from "../../src/local/functionsHost/log.ts";
import { useOwnAzurite } from "../azuriteServices.ts";
import { Worker } from "../../src/local/functionsHost/worker/worker.ts";

const source = { container: "input", name: "talks/intro (1).mp4", eTag: "0x8DA1" };
const id = conversionIdOf("mp3", source);
const NOT_BEFORE = "2026-01-01T12:00:00.000Z";

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** Stands in for the Durable extension: the real client library talks to it. */
const requests: Request[] = [];
let known: Set<string>;
let refusesStart: boolean;
let raiseStatus: number;
let runtimeStatus: string;
let customStatus: unknown;
let version: number | undefined;
let output: unknown;
const extension = createServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request);
  const path = new URL(request.url ?? "", "http://x").pathname;
  requests.push({ method: request.method ?? "", path, body: body === "" ? undefined : JSON.parse(body) });
  response.setHeader("content-type", "application/json");
  if (path.includes("/raiseEvent/")) {
    response.writeHead(raiseStatus).end("{}");
  } else if (request.method === "POST") {
    known.add(id);
    response.writeHead(refusesStart ? 500 : 202).end(JSON.stringify({ id }));
  } else if (known.has(id)) {
    const times = { createdTime: "2026-01-01T12:00:00Z", lastUpdatedTime: "2026-01-01T12:00:00Z" };
    const instance = {
      name: "convertBlob",
      instanceId: id,
      runtimeStatus,
      input: { version, workload: "mp3", source },
      customStatus,
      output,
      ...times,
    };
    response.writeHead(202).end(JSON.stringify(instance));
  } else {
    response.writeHead(404).end("{}");
  }
}

const logged: string[] = [];
const azurite = useOwnAzurite();
let worker: Worker;
let trigger: RegisteredFunction;
let reportTrigger: RegisteredFunction;

beforeAll(async () => {
  process.env["STORAGE"] = azurite.connectionString;
  process.env["BATCH_ACCOUNT_ENDPOINT"] = "http://127.0.0.1:1";
  process.env["BATCH_ACCOUNT_NAME"] = "account";
  process.env["BATCH_ACCOUNT_KEY"] = "a2V5";
  process.env["NOT_BEFORE"] = NOT_BEFORE;
  process.env["NO_PROXY"] = "127.0.0.1";
  await new Promise<void>((resolve) => extension.listen(0, "127.0.0.1", resolve));
  const log = { write: (level: string, _category: string, line: string) => logged.push(`${level}: ${line}`) };
  worker = await Worker.load(process.cwd(), log as unknown as Logger, 10_000);
  trigger = worker.functions.find(({ name }) => name === "convertOnUpload") as RegisteredFunction;
  reportTrigger = worker.functions.find(({ name }) => name === "wakeOnReport") as RegisteredFunction;
});

afterAll(() => {
  extension.close();
});

beforeEach(() => {
  requests.length = 0;
  logged.length = 0;
  known = new Set();
  refusesStart = false;
  raiseStatus = 202;
  runtimeStatus = "Running";
  [customStatus, output, version] = [null, null, ORCHESTRATION_VERSION];
});

/** What the host gives a function for its durable client. */
function durableClient(): Record<string, { string: string }> {
  const { port } = extension.address() as AddressInfo;
  const rpcBaseUrl = `http://127.0.0.1:${port}/`;
  const durable = { taskHubName: "Hub", creationUrls: {}, managementUrls: {}, baseUrl: rpcBaseUrl, rpcBaseUrl };
  return { durableClient: { string: JSON.stringify(durable) } };
}

/** Delivers an upload as the host does: a description of the blob, never its bytes. */
function deliver(
  name: string,
  metadata: Record<string, string> = {},
  lastModified = NOT_BEFORE,
  eTag: unknown = '"0x8DA1"',
): Promise<InvocationResult> {
  return deliverTo(trigger, "input", name, metadata, lastModified, eTag);
}

function deliverReport(name: string): Promise<InvocationResult> {
  return deliverTo(reportTrigger, "work", name);
}

function deliverTo(
  fn: RegisteredFunction,
  container: string,
  name: string,
  metadata: Record<string, string> = {},
  lastModified = NOT_BEFORE,
  eTag: unknown = '"0x8DA1"',
): Promise<InvocationResult> {
  const content = Buffer.from(JSON.stringify({ Connection: "STORAGE", ContainerName: container, BlobName: name }));
  return worker.invoke({
    fn,
    input: {
      modelBindingData: { version: "1.0", source: "AzureStorageBlobs", contentType: "application/json", content },
    },
    extraInputs: durableClient(),
    triggerMetadata: {
      Properties: { json: JSON.stringify({ ETag: eTag, LastModified: lastModified, ContentLength: 7 }) },
      Metadata: { json: JSON.stringify(metadata) },
    },
  });
}

test("the trigger asks the host for a reference, so the bytes of a blob never reach the app", ({ expect }) => {
  expect(trigger.trigger).toMatchObject({
    type: "blobTrigger",
    path: "input/{name}",
    connection: "STORAGE",
    source: "LogsAndContainerScan",
    sdkBinding: true,
    properties: { supportsDeferredBinding: "true" },
  });
});

test("an upload starts the conversion of this version, under an id that is a hash", async ({ expect }) => {
  await deliver(source.name);

  expect(requests).toMatchObject([
    { method: "GET", path: `/instances/${id}` },
    { method: "POST", path: `/orchestrators/convertBlob/${id}`, body: { workload: "mp3", source } },
  ]);
  expect(logged).toContain(`debug: Conversion ${id} of ${source.name} by mp3 was started`);
});

test("the conversion begins with what the event says of the version, of its metadata only what may be ours", async ({
  expect,
}) => {
  await deliver(source.name, { mp3drop_bitrate: "96", secret: "x" });

  const facts = { sizeBytes: 7, lastModified: NOT_BEFORE, metadata: { mp3drop_bitrate: "96" } };
  expect(requests.at(-1)?.body).toMatchObject({ source, facts });
});

test("where the event tells no ETag, as on Azure, Storage is asked for the version and for what is true of it", async ({
  expect,
}) => {
  const input = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient("input");
  await input.createIfNotExists();
  const blob = input.getBlockBlobClient("asked.mp4");
  const uploaded = await blob.upload("moovie", 6, { metadata: { mp3drop_bitrate: "96", secret: "x" } });

  await deliver("asked.mp4", {}, NOT_BEFORE, {});
  await blob.delete();

  expect(requests.at(-1)?.body).toMatchObject({
    source: { name: "asked.mp4", eTag: uploaded.etag?.replaceAll('"', "") },
    facts: { sizeBytes: 6, lastModified: uploaded.lastModified?.toISOString(), metadata: { mp3drop_bitrate: "96" } },
  });
  expect(requests.at(-1)?.body).not.toHaveProperty("facts.metadata.secret");
});

test("the same event again starts nothing", async ({ expect }) => {
  await deliver(source.name);
  requests.length = 0;

  await deliver(source.name);

  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("a blob that was last modified before NOT_BEFORE starts nothing", async ({ expect }) => {
  await deliver(source.name, {}, "2026-01-01T11:59:59+00:00");

  expect(requests).toEqual([]);
  expect(logged).toEqual([`debug: Ignored ${source.name}: it was last modified before NOT_BEFORE`]);
});

test("a start that another delivery beat us to is a success", async ({ expect }) => {
  refusesStart = true;

  await deliver(source.name);

  expect(requests.map(({ method }) => method)).toEqual(["GET", "POST", "GET"]);
});

test("a version that has its record starts nothing, though its history is long gone", async ({ expect }) => {
  const output = BlobServiceClient.fromConnectionString(azurite.connectionString).getContainerClient("output");
  await output.createIfNotExists();
  const record = output.getBlockBlobClient(resultNamesFor(mp3, source.name).record);
  await record.upload("{}", 2, { metadata: { sourceetag: source.eTag } });

  await deliver(source.name);
  await record.delete();

  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("a start that fails is no success just because an earlier run is known", async ({ expect }) => {
  refusesStart = true;
  runtimeStatus = "Failed";

  await expect(deliver(source.name)).rejects.toThrow();
});

test("a blob that no workload takes is ignored, with a debug line", async ({ expect }) => {
  await deliver("notes.txt");

  expect(requests).toEqual([]);
  expect(logged).toEqual(["debug: Ignored notes.txt: the workloads take MP4 videos (.mp4)"]);
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Calls an endpoint of the app for the conversion. */
async function request(name: string, method: string, path: string): Promise<Answer> {
  const fn = worker.functions.find((candidate) => candidate.name === name) as RegisteredFunction;
  const url = `http://host/api/conversions/${path}`;
  const http = { method, url, nullableHeaders: {}, nullableQuery: {}, nullableParams: { id: { value: id } } };
  const { value } = await worker.invoke({ fn, input: { http }, extraInputs: durableClient() });
  return value as Answer;
}

test("the OpenAPI document has every route of the app, and no other; all but itself ask for a key", ({ expect }) => {
  const { paths } = openApiFor(WORKLOADS) as { paths: Record<string, Record<string, { security?: unknown[] }>> };
  const documented = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([member]) => member !== "parameters")
      .map(([method, { security }]) => `${method} ${path} ${security === undefined ? "function" : "anonymous"}`),
  );
  const registered = worker.functions
    // The page is none of the API.
    .filter(({ name, trigger: { type } }) => type === "httpTrigger" && !name.toLowerCase().includes("page"))
    .flatMap(({ trigger: http }) => {
      const { route, methods, authLevel } = http as unknown as { route: string; methods: string[]; authLevel: string };
      return methods.map((method) => `${method.toLowerCase()} /${route} ${authLevel}`);
    });

  expect(documented.toSorted()).toEqual(registered.toSorted());
});

test("the metrics are told while Batch does not answer, and say so", async ({ expect }) => {
  const { status, headers, body } = await request("getMetrics", "GET", "");

  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(body).toContain('mp3drop_conversions_ended_total{outcome="succeeded",code=""} 0');
  expect(body).toMatch(/^mp3drop_batch_up 0$/m);
  expect(body).not.toMatch(/mp3drop_(job|pool)_/);
  expect(logged).toEqual([expect.stringMatching(/^warn\w*: The metrics lack those of Azure Batch: .*ECONNREFUSED/)]);
});

test("a retry of a run that was ended from outside starts nothing while Batch cannot end its task", async ({
  expect,
}) => {
  known.add(id);
  runtimeStatus = "Terminated";

  const { status, body } = await request("retryConversion", "POST", `${id}/retry`);

  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({
    code: "BatchUnavailable",
    detail: expect.stringMatching(
      /nothing was started. Try again. Azure Batch could not list the jobs .*ECONNREFUSED/,
    ) as string,
  });
  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("a late event for a version that was converted, and is gone with its record, starts nothing", async ({
  expect,
}) => {
  known.add(id);
  [runtimeStatus, customStatus, output] = ["Completed", { attempt: 1 }, { outcome: "succeeded", record: {} }];

  await deliver(source.name);

  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
  expect(logged).toContain(`debug: Conversion ${id} of ${source.name} by mp3 is already known`);
});

test("an upload whose conversion was superseded starts nothing", async ({ expect }) => {
  known.add(id);
  [runtimeStatus, output] = ["Completed", { outcome: "superseded", record: null }];

  await deliver(source.name);

  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("a directory of a hierarchical namespace is ignored, with a debug line", async ({ expect }) => {
  await deliver("holiday.mp4", { hdi_isfolder: "true" });

  expect(requests).toEqual([]);
  expect(logged).toEqual(["debug: Ignored holiday.mp4: it is a directory"]);
});

test.for([
  ["converting", null],
  ["publishing", "Azure Storage is busy"],
])("a conversion that is %s, and waits for «%s», can be cancelled", async ([phase, waitReason], { expect }) => {
  known.add(id);
  customStatus = { phase, percent: null, waitReason, attempt: 1, submission: null };

  expect((await request("cancelConversion", "DELETE", id)).status).toBe(202);
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `GET /instances/${id}`,
    `POST /instances/${id}/raiseEvent/cancel`,
  ]);
});

test("a conversion that another version of the app has begun is not cancelled while Batch cannot end its task", async ({
  expect,
}) => {
  known.add(id);
  version = ORCHESTRATION_VERSION - 1;

  const { status, body } = await request("cancelConversion", "DELETE", id);

  expect(status).toBe(503);
  expect(JSON.parse(body)).toMatchObject({
    code: "ServiceUnavailable",
    detail: expect.stringMatching(/Try again. Azure Batch/),
  });
  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
});

test.for([
  ["publishing", null, "its result is being published"],
  ["finished", "Batch is away", "its record is written"],
])("a conversion that is %s, and waits for «%s», cannot be cancelled any more: %s", async (row, { expect }) => {
  const [phase, waitReason, reason] = row;
  known.add(id);
  customStatus = { phase, percent: null, waitReason, attempt: 1, submission: null };

  const { status, body } = await request("cancelConversion", "DELETE", id);

  expect(status).toBe(409);
  expect(JSON.parse(body)).toMatchObject({
    code: "ConversionEnded",
    detail: `Conversion ${id} cannot be cancelled: ${reason}`,
  });
  expect(requests.map(({ method }) => method)).toEqual(["GET"]);
});

test("the trigger for reports fires for nothing else in the staging container, and gets no bytes", ({ expect }) => {
  expect(reportTrigger.trigger).toMatchObject({
    path: "work/{conversion}/{attempt}/report.json",
    connection: "STORAGE",
    source: "LogsAndContainerScan",
    properties: { supportsDeferredBinding: "true" },
  });
});

test.for([
  ["that runs is told", 202, "is told that its task has ended"],
  ["that has ended need not be told", 410, "is told that its task has ended"],
  ["that is gone need not be told", 404, "is no longer known"],
] as const)("a conversion %s of the report of its task", async ([, status, words], { expect }) => {
  raiseStatus = status;

  await deliverReport(`${id}/2/report.json`);

  expect(requests).toMatchObject([{ method: "POST", path: `/instances/${id}/raiseEvent/taskEnded` }]);
  expect(logged).toEqual([`debug: Conversion ${id} ${words}`]);
});

test("a report that cannot be passed on is delivered again by the host", async ({ expect }) => {
  raiseStatus = 500;

  await expect(deliverReport(`${id}/1/report.json`)).rejects.toThrow();
});

test.for([`../${id}/1/report.json`, `${id}/1/result`, "report.json"])(
  "a blob named %s is no report of a conversion, and is ignored",
  async (name, { expect }) => {
    await deliverReport(name);

    expect(requests).toEqual([]);
    expect(logged).toEqual([`debug: Ignored ${name}: it is no report of a conversion`]);
  },
);
