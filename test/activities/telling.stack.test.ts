import { QueueServiceClient } from "@azure/storage-queue";
import type { DurableClient } from "durable-functions";
import { beforeEach, test } from "vitest";
import { noteUntold } from "../../src/activities/noteUntold.ts";
import { notify } from "../../src/activities/notify.ts";
import { recordFailure } from "../../src/activities/recordFailure.ts";
import { startTelling } from "../../src/activities/startTelling.ts";
import { createQueueMessenger } from "../../src/azure/queueMessenger.ts";
import type { ConversionEvent } from "../../src/model/conversionEvent.ts";
import type { ConversionRecord, Untold } from "../../src/model/conversion.ts";
import { failureOf } from "../../src/model/failures.ts";
import type { Services } from "../../src/services.ts";
import { azuriteServices, useAzurite } from "../azuriteServices.ts";

const azurite = useAzurite();
let services: Services;
let record: ConversionRecord;
let queues = 0;
let queueName: string;

const UNTOLD: Untold = {
  channel: "webhook",
  status: "refused",
  httpStatus: 410,
  reason: "NOTIFY_URL answered 410",
  at: "2026-01-01T12:00:00.000Z",
};

beforeEach(async () => {
  const storage = await azuriteServices(azurite.connectionString);
  queueName = `conversions-${++queues}`;
  const queue = createQueueMessenger(storage.services.config.storage, queueName);
  services = { ...storage.services, messengers: { queue } };
  record = await fail(1);
});

async function fail(attempt: number): Promise<ConversionRecord> {
  const recorded = await recordFailure(services, {
    conversionId: "0123456789abcdef0123456789abcdef",
    workload: "mp3",
    source: { container: services.config.containers.input, name: "talks/a.mp4", eTag: "0x1" },
    attempt,
    startedAt: "2026-01-01T11:00:00.000Z",
    submission: null,
    completed: null,
    failure: failureOf("BadOptions", "mp3drop_mono must be true or false"),
  });
  if (recorded.status !== "recorded") throw new Error(recorded.status);
  return recorded.record;
}

async function storedRecord() {
  const address = { container: services.config.containers.output, name: "talks/a.mp3.json" };
  const [found, properties] = [await services.blobs.readText(address), await services.blobs.properties(address)];
  return { record: JSON.parse(found?.text ?? "null") as ConversionRecord, properties };
}

test("an end is a message in a queue, which is made where it is missing, and stays until it is taken", async ({
  expect,
}) => {
  expect(await notify(services, { record, channels: ["queue"] })).toEqual({ failed: [] });
  expect(await notify(services, { record, channels: ["queue", "webhook"] })).toEqual({ failed: [] });

  const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(queueName);
  const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 10 });
  const events = receivedMessageItems.map(
    ({ messageText }) => JSON.parse(Buffer.from(messageText, "base64").toString()) as ConversionEvent,
  );
  expect(events.map(({ id, type }) => ({ id, type }))).toEqual(
    Array.from({ length: 2 }, () => ({
      id: "0123456789abcdef0123456789abcdef-1",
      type: "mp3drop.conversion.failed",
    })),
  );
  expect(events[0]?.data).toEqual(record);
  expect(events[0]?.source).toBe(services.blobs.containerUrl(services.config.containers.input));
  expect(receivedMessageItems[0]?.expiresOn.getFullYear()).toBeGreaterThan(9000);
});

test("a queue that cannot be reached is no error, and the message shows no key", async ({ expect }) => {
  const connectionString = azurite.connectionString.replace(
    /QueueEndpoint=[^;]+/,
    "QueueEndpoint=http://127.0.0.1:9/x",
  );
  const queue = createQueueMessenger({ ...services.config.storage, connectionString }, "Not-a-name");

  const { failed } = await notify({ ...services, messengers: { queue } }, { record, channels: ["queue"] });
  expect(failed).toMatchObject([{ channel: "queue", status: "unavailable", httpStatus: null }]);
  expect(failed[0]?.reason).toMatch(/^Queue Not-a-name did not take it: /);
});

test("who was not told is noted in the record of that end", async ({ expect }) => {
  const before = await storedRecord();

  await noteUntold(services, { record, untold: [UNTOLD] });
  await noteUntold(services, { record, untold: [UNTOLD] });
  const after = await storedRecord();
  expect(after.record).toEqual({ ...record, notifications: [UNTOLD] });
  expect(after.properties?.metadata).toEqual(before.properties?.metadata);
  expect(after.properties?.contentType).toBe("application/json");
});

test("the record of a later attempt, or none, is left as it is", async ({ expect }) => {
  const later = await fail(2);
  await noteUntold(services, { record, untold: [UNTOLD] });
  expect((await storedRecord()).record).toEqual(later);

  await services.blobs.delete({ container: services.config.containers.output, name: "talks/a.mp3.json" });
  await noteUntold(services, { record: later, untold: [UNTOLD] });
  expect((await storedRecord()).properties).toBeUndefined();
});

test("an end is told by one orchestration, however often somebody starts it", async ({ expect }) => {
  const started = new Map<string, unknown>();
  const client = {
    getStatus: async (id: string) => {
      if (!started.has(id)) throw new Error("The operation failed with HTTP 404");
      return {};
    },
    startNew: async (_name: string, { instanceId, input }: { instanceId: string; input: unknown }) => {
      started.set(instanceId, input);
      throw new Error("the answer was lost");
    },
  } as unknown as DurableClient;

  await startTelling(services, client, { record });
  await startTelling(services, client, { record });
  expect([...started]).toEqual([["told-0123456789abcdef0123456789abcdef-1", { record, channels: ["queue"] }]]);
});

test("where nobody wants to know, nothing is started, and the record of a failure does not ask for it", async ({
  expect,
}) => {
  const silent = { ...services, messengers: {} };
  await startTelling(silent, {} as DurableClient, { record });

  const { conversionId, workload, input: source, times } = record;
  const again = { conversionId, workload, source, attempt: 1, startedAt: times.startedAt };
  const failure = failureOf("BadOptions");
  const recorded = { ...again, submission: null, completed: null, failure };
  expect(await recordFailure(silent, recorded)).not.toHaveProperty("isToBeTold");
  expect(await recordFailure(services, recorded)).toMatchObject({ status: "recorded", isToBeTold: true });
});
