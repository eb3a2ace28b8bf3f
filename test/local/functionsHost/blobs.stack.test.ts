import { BlobServiceClient } from "@azure/storage-blob";
import type { ContainerClient } from "@azure/storage-blob";
import { QueueServiceClient } from "@azure/storage-queue";
import { test } from "vitest";
import type { BlobFunction } from "../../../src/local/functionsHost/triggers/blobFunction.ts";
import { readBlobInput } from "../../../src/local/functionsHost/triggers/blobFunction.ts";
import { parseBlobPath } from "../../../src/local/functionsHost/triggers/blobPath.ts";
import { bareEtag } from "../../../src/local/functionsHost/triggers/blobReceipts.ts";
import type { BlobNews } from "../../../src/local/kit/blobNews.ts";
import { followNews } from "../../../src/local/kit/newsFile.ts";
import { useOwnAzurite } from "../../azuriteServices.ts";
import { temporaryFolder } from "../temporaryFolder.ts";
import { fixtureApp, startHostProcess } from "./hostProcess.ts";
import type { HostProcess } from "./hostProcess.ts";

const azurite = useOwnAzurite();

interface Setup {
  readonly container: ContainerClient;
  readonly start: (settings?: Readonly<Record<string, string>>) => Promise<HostProcess>;
}

/** A container of its own for every test, so that tests do not see each other's blobs. */
function prepare(onTestFinished: (cleanUp: () => Promise<void> | void) => void, name: string): Setup {
  const data = temporaryFolder();
  const { connectionString } = azurite;
  return {
    container: BlobServiceClient.fromConnectionString(connectionString).getContainerClient(name),
    start: async (settings = {}) => {
      const env = { STORAGE: connectionString, INPUT_CONTAINER: name, FUNCTIONS_HOST_POLL_MS: "50", ...settings };
      const host = await startHostProcess({ app: fixtureApp("blobs"), data, env });
      onTestFinished(async () => void (await host.end("SIGKILL")));
      return host;
    },
  };
}

async function upload(container: ContainerClient, name: string, text = "hello"): Promise<string> {
  const { etag = "" } = await container
    .getBlockBlobClient(name)
    .upload(text, text.length, { metadata: { Owner: "me" } });
  return etag;
}

test("a blob arrives as a reference with what is known of it, and an empty ETag as on Azure, however late its container is created", async ({
  expect,
  onTestFinished,
}) => {
  const { container, start } = prepare(onTestFinished, "late");
  const host = await start();
  await container.create();

  await upload(container, "a b/ü %+#'$(x).mp4");
  const line = await host.logged(/\] onBlob: /);

  expect(JSON.parse(line.slice(line.indexOf("{")))).toEqual({
    blob: { container: "late", name: "a b/ü %+#'$(x).mp4", connection: "STORAGE" },
    name: "a b/ü %+#'$(x).mp4",
    etag: {},
    length: 5,
    metadata: { owner: "me" },
    blobTrigger: "late/a b/ü %+#'$(x).mp4",
    hub: "BlobsHub",
  });
});

const NO_POLLING = { FUNCTIONS_HOST_POLL_MS: "3600000" };

test("a blob that storage tells of is delivered without a listing, in one go or in blocks", async ({
  expect,
  onTestFinished,
}) => {
  const { container, start } = prepare(onTestFinished, "told");
  await container.create();
  const host = await start({ ...NO_POLLING, FUNCTIONS_HOST_BLOB_NEWS: azurite.blobNewsFile });

  const first = await upload(container, "one.mp4");
  const blocks = container.getBlockBlobClient("in blocks.mp4");
  await blocks.stageBlock(Buffer.from("1").toString("base64"), "video", 5);
  const { etag: second } = await blocks.commitBlockList([Buffer.from("1").toString("base64")]);

  expect(await host.logged(/\] onBlob: \{.*one\.mp4/)).toContain(JSON.stringify(first));
  expect(await host.logged(/\] onBlob: \{.*in blocks\.mp4/)).toContain(JSON.stringify(second));
  await host.logged(/onBlob: told\/in blocks\.mp4 is delivered/);
  expect(host.log().match(/onBlob: \{/g)).toHaveLength(2);
});

test("what storage tells of a blob is what it would answer and the ETag, so it is not asked", async ({
  expect,
  onTestFinished,
}) => {
  const { container } = prepare(onTestFinished, "heads");
  await container.create();
  const told = new Promise<BlobNews>((resolve) => {
    const onNews = (news: BlobNews): void => void (news.container === "heads" && resolve(news));
    onTestFinished(followNews<BlobNews>(azurite.blobNewsFile, onNews, () => {}));
  });
  const headers = { blobContentType: "video/mp4", blobContentEncoding: "identity" };
  const options = { metadata: { Owner: "me" }, blobHTTPHeaders: headers };
  await container.getBlockBlobClient("a/one.mp4").upload("video", 5, options);
  const { name, etag, head } = await told;
  const target = {
    fn: { name: "onBlob" },
    pattern: parseBlobPath("heads/{name}", "onBlob"),
    source: "LogsAndContainerScan",
    connection: { name: "STORAGE" },
    service: BlobServiceClient.fromConnectionString(azurite.connectionString),
    isDeferred: true,
  } as BlobFunction;
  const blob = { container: "heads", name, etag: bareEtag(etag) };

  const asked = await readBlobInput(target, blob);
  await container.delete();
  const spared = await readBlobInput(target, blob, { told: head && { ...head, etag: `"${blob.etag}"` } });

  const propertiesOf = (data: typeof asked): object =>
    JSON.parse(data?.triggerMetadata["Properties"]?.json ?? "") as object;
  expect(propertiesOf(asked)).toHaveProperty("ETag", {});
  expect(propertiesOf(spared)).toEqual({ ...propertiesOf(asked), ETag: `"${blob.etag}"` });
  expect({ ...spared?.triggerMetadata, Properties: null }).toEqual({ ...asked?.triggerMetadata, Properties: null });
  expect(spared?.input).toEqual(asked?.input);
  expect(propertiesOf(spared)).toMatchObject({
    ContentLength: 5,
    ContentType: "video/mp4",
    LastModified: expect.stringMatching(/:\d\d\.000Z$/) as string,
  });
});

test("a host that cannot be told of blobs says so and finds them by listing", async ({ expect, onTestFinished }) => {
  const { container, start } = prepare(onTestFinished, "untold");
  await container.create();
  const host = await start({ FUNCTIONS_HOST_BLOB_NEWS: "/nowhere/news" });

  await upload(container, "one.mp4");

  await host.logged(/\] onBlob: \{.*one\.mp4/);
  expect(await host.logged(/Blobs are noticed by polling only/)).toContain("not from /nowhere/news: ENOENT");
});

test("without an SDK binding the bytes arrive", async ({ expect, onTestFinished }) => {
  const { container, start } = prepare(onTestFinished, "bytes");
  await container.create();
  await upload(container, "bytes/one.txt", "some text");

  const host = await start();

  expect(await host.logged(/\] onBytes: /)).toBe("[information] onBytes: one: some text");
});

test("a version is delivered once, even after kill -9, and so is a new version", async ({ expect, onTestFinished }) => {
  const { container, start } = prepare(onTestFinished, "once");
  await container.create();
  const first = await start();
  await upload(container, "one.mp4");
  await first.logged(/onBlob: once\/one\.mp4 is delivered/);
  await first.end("SIGKILL");

  const second = await start();
  await upload(container, "two.mp4");
  await second.logged(/onBlob: .*two\.mp4/);
  await upload(container, "one.mp4", "a new version");
  const again = await second.logged(/onBlob: \{.*one\.mp4/);

  expect(again).toContain('"length":13');
  expect(second.log().match(/onBlob: \{.*one\.mp4/g)).toHaveLength(1);
});

test("a blob that fails five times leaves a message in the poison queue", async ({ expect, onTestFinished }) => {
  const { container, start } = prepare(onTestFinished, "poisoned");
  await container.create();
  await upload(container, "poison/bad.mp4");

  const host = await start();
  await host.logged(/failed 5 times/);

  const message = await takeMessage("webjobs-blobtrigger-poison");
  expect(JSON.parse(Buffer.from(message, "base64").toString())).toMatchObject({
    Type: "BlobTrigger",
    FunctionId: "Host.Functions.onPoison",
    ContainerName: "poisoned",
    BlobName: "poison/bad.mp4",
  });
  expect(host.log().match(/onPoison: Error: this blob never works/g)).toHaveLength(5);
});

test("Event Grid is validated, and its events are delivered by name and ETag", async ({ expect, onTestFinished }) => {
  const { container, start } = prepare(onTestFinished, "events");
  await container.create();
  const host = await start();
  const webhook = `${host.url}/runtime/webhooks/blobs?functionName=Host.Functions.onEvent`;
  const post = (body: unknown): Promise<Response> => fetch(webhook, { method: "POST", body: JSON.stringify(body) });
  const subject = (name: string): string => `/blobServices/default/containers/events/blobs/${name}`;
  const eventGrid = {
    eventType: "Microsoft.Storage.BlobCreated",
    subject: subject("x/grid.mp4"),
    data: { eTag: await upload(container, "x/grid.mp4") },
  };
  const cloudEvent = {
    specversion: "1.0",
    type: "Microsoft.Storage.BlobCreated",
    subject: subject("cloud.mp4"),
    data: { eTag: await upload(container, "cloud.mp4") },
  };

  const validation = await post([
    { eventType: "Microsoft.EventGrid.SubscriptionValidationEvent", data: { validationCode: "512d38b6" } },
  ]);
  const allowed = await fetch(webhook, {
    method: "OPTIONS",
    headers: { "WebHook-Request-Origin": "eventgrid.azure.net" },
  });
  const [first, again, second] = [await post([eventGrid]), await post([eventGrid]), await post(cloudEvent)];
  await host.logged(/event for cloud\.mp4/);

  expect(await validation.json()).toEqual({ validationResponse: "512d38b6" });
  expect(allowed.headers.get("webhook-allowed-origin")).toBe("eventgrid.azure.net");
  expect([first.status, again.status, second.status]).toEqual([200, 200, 200]);
  expect(host.log().match(/event for x\/grid\.mp4/g)).toHaveLength(1);
  expect((await fetch(webhook.replace("onEvent", "nobody"), { method: "POST", body: "[]" })).status).toBe(404);
  expect((await post("not an event")).status).toBe(400);
});

test("an event for a version that has been overwritten runs the function all the same, as on Azure", async ({
  expect,
  onTestFinished,
}) => {
  const { container, start } = prepare(onTestFinished, "overwritten");
  await container.create();
  const host = await start();
  const eTag = await upload(container, "one.mp4");
  await upload(container, "one.mp4", "changed");

  const event = {
    eventType: "Microsoft.Storage.BlobCreated",
    subject: "/blobServices/default/containers/overwritten/blobs/one.mp4",
    data: { eTag },
  };
  const webhook = `${host.url}/runtime/webhooks/blobs?functionName=Host.Functions.onEvent`;
  expect((await fetch(webhook, { method: "POST", body: JSON.stringify(event) })).status).toBe(200);

  await host.logged(/event for one\.mp4/);
});

/** As it is in the queue, once there is one, and then no longer. */
async function takeMessage(queueName: string): Promise<string> {
  const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(queueName);
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages().catch(() => ({ receivedMessageItems: [] }));
    const [message] = receivedMessageItems;
    if (message === undefined) continue;
    await queue.deleteMessage(message.messageId, message.popReceipt);
    return message.messageText;
  }
}

test("queue messages are delivered, and what fails five times or is not base64 goes to the poison queue as it was", async ({
  expect,
  onTestFinished,
}) => {
  const { start } = prepare(onTestFinished, "queues");
  const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient("work");
  const toBase64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64");
  await queue.create();
  await queue.sendMessage(toBase64({ good: "<&>" }));
  const host = await start();
  const good = await host.logged(/message .*good/);

  await queue.sendMessage("not base64!");
  expect(await takeMessage("work-poison")).toBe("not base64!");
  await host.logged(/Message decoding has failed! Check MessageEncoding settings\. MessageId=[\w-]+\./);

  await queue.sendMessage(toBase64({ bad: true }));
  await host.logged(/\{"bad":true\} .*"dequeueCount":5/);
  expect(await takeMessage("work-poison")).toBe(toBase64({ bad: true }));

  const metadata: unknown = JSON.parse(good.slice(good.indexOf(' {"queueTrigger"')));
  const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/) as unknown;
  expect(metadata).toEqual({
    queueTrigger: { good: "<&>" },
    dequeueCount: 1,
    expirationTime: time,
    id: expect.any(String) as unknown,
    insertionTime: time,
    nextVisibleTime: time,
    popReceipt: expect.any(String) as unknown,
    good: "<&>",
  });
});
