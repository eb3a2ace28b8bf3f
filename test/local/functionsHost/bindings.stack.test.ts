import { BlobServiceClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { afterAll, beforeAll, test } from "vitest";
import { useOwnAzurite } from "../../azuriteServices.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, startHostProcess } from "./hostProcess.ts";
import type { HostProcess } from "./hostProcess.ts";

const azurite = useOwnAzurite();
const data = temporaryFolder(afterAll);
let host: HostProcess;
let blobs: BlobServiceClient;
let queues: QueueServiceClient;

beforeAll(async () => {
  blobs = BlobServiceClient.fromConnectionString(azurite.connectionString);
  queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
  await blobs.getContainerClient("inputs").create();
  await blobs.getContainerClient("inputs").getBlockBlobClient("a.txt").upload("hëllo", 6);
  const env = { STORAGE: azurite.connectionString, SUFFIX: "1", FUNCTIONS_HOST_POLL_MS: "50" };
  host = await startHostProcess({ app: fixtureApp("bindings"), data, env });
});

afterAll(async () => {
  await host.end("SIGKILL");
});

async function get(path: string): Promise<unknown> {
  const response = await fetch(`${host.url}/api/${path}`);
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.headers.get("content-type") === "application/json" ? response.json() : response.text();
}

test("a blob is an input as text, as bytes or as a reference, and one that is missing is undefined", async ({
  expect,
}) => {
  const reference = { Connection: "STORAGE", ContainerName: "inputs", BlobName: "a.txt" };

  expect(await get("read/a.txt")).toEqual({
    text: "hëllo",
    binary: { type: "Buffer", data: [...Buffer.from("hëllo")] },
    reference,
  });
  expect(await get("read/b.txt")).toEqual({ reference: { ...reference, BlobName: "b.txt" } });
});

// Each as a real host wrote it.
const OUTPUTS = [
  ["text", "some text", ["some text"]],
  ["object", '{"a":1}', ['{\n  "a": 1\n}']],
  ["array", '["a",{"b":2}]', ["a", '{\n  "b": 2\n}']],
  ["bytes", Buffer.from([1, 2, 255]).toString("latin1"), [Buffer.from([1, 2, 255]).toString("latin1")]],
  ["integer", "\u0005\0\0\0", ["5"]],
  ["boolean", "\u0001", ["True"]],
  ["date", "1970-01-01T00:00:00.000Z", ["1970-01-01T00:00:00.000Z"]],
  ["nothing", undefined, []],
] as const;

test.for(OUTPUTS)("an output of %s becomes a blob and messages", async ([kind, blob, messages], { expect }) => {
  expect(await get(`write/${kind}`)).toBe(kind);

  const container = blobs.getContainerClient("outputs");
  const exists = await container.getBlobClient(kind).exists();
  const written = exists ? (await container.getBlobClient(kind).downloadToBuffer()).toString("latin1") : undefined;
  const queue = queues.getQueueClient("outputs-1");
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 10, visibilityTimeout: 600 });
  const received = receivedMessageItems.map(({ messageText }) => Buffer.from(messageText, "base64").toString("latin1"));

  expect(written).toBe(blob);
  expect(received).toEqual(messages);
});

test("a function with a binding that this host does not have is left out, as on Azure, and the others run", async ({
  expect,
}) => {
  await host.logged(
    /^\[error\] notify: The function is left out, as this host has no binding twilioSms \(out\), eventHub \(out\)/,
  );
  expect((await fetch(`${host.url}/api/notify`, { method: "POST" })).status).toBe(404);
});

test("the address of the host alone says that an app without a page is up", async ({ expect }) => {
  expect(await (await fetch(host.url)).text()).toBe("The function app is up and running.\n");
});

test("expressions in bindings stand for what a message holds", async ({ expect }) => {
  const queue = queues.getQueueClient("copies");
  await queue.createIfNotExists();
  const container = blobs.getContainerClient("outputs");
  await container.createIfNotExists();
  await queue.sendMessage(Buffer.from(JSON.stringify({ name: "a.txt", target: { id: 7 } })).toString("base64"));

  const name = await waitForBlob("a.txt-");

  expect(name).toMatch(/^a\.txt-7-[0-9a-f]{32}$/);
  expect((await container.getBlobClient(name).downloadToBuffer()).toString()).toBe("7: hëllo");
});

test("expressions in bindings stand for what an activity is called with", async ({ expect }) => {
  expect(await get("keep")).toEqual([
    { part: "in/a.txt", flag: "True", size: 3, data: { part: "in/a.txt", flag: true, size: 3, none: null, list: [1] } },
    { data: '"text"' },
  ]);

  const container = blobs.getContainerClient("outputs");
  expect((await container.getBlobClient("kept/in/a.txt-3-True").downloadToBuffer()).toString()).toBe("in/a.txt");
});

test("a trigger with an SDK binding gets the bytes where another binding has an expression, as on Azure", async ({
  expect,
}) => {
  await blobs.getContainerClient("outputs").createIfNotExists();
  await blobs.getContainerClient("arrivals").create();
  await blobs.getContainerClient("arrivals").getBlockBlobClient("b.txt").upload("x", 1);

  const name = await waitForBlob("b.txt-");

  const written = await blobs.getContainerClient("outputs").getBlobClient(name).downloadToBuffer();
  expect(written.toString()).toBe("bytes: true");
});

/** The name of the first output that begins so, once there is one. */
async function waitForBlob(prefix: string): Promise<string> {
  for (;;) {
    for await (const { name } of blobs.getContainerClient("outputs").listBlobsFlat({ prefix })) return name;
  }
}
