import { createHmac } from "node:crypto";
import { test } from "vitest";
import type { ConversionRecord } from "../../src/model/conversion.ts";
import { eventOf } from "../../src/model/conversionEvent.ts";
import type { Delivery } from "../../src/services.ts";
import { createWebhook } from "../../src/webhook/messenger.ts";
import { sign } from "../../src/webhook/signature.ts";
import { openReceiver } from "./receiver.ts";

const KEY = Buffer.alloc(32, "k");
const SECRET = `whsec_${KEY.toString("base64")}`;
const NOW = new Date("2026-01-01T12:00:00.500Z");
const RECORD = {
  schemaVersion: 1,
  status: "failed",
  conversionId: "0123456789abcdef0123456789abcdef",
  attempts: 3,
  input: { container: "input", name: "talks/Größe.mp4", eTag: "0x1" },
  times: { recordedAt: "2026-01-01T11:59:59.000Z" },
} as ConversionRecord;
const EVENT = eventOf(RECORD, "https://example.blob.core.windows.net/input");

function send(url: string, timeoutMs = 5_000): Promise<Delivery> {
  return createWebhook({ url, secret: SECRET }, { now: () => NOW, timeoutMs }).send(EVENT);
}

test("an end arrives as one CloudEvent in structured mode, signed as Standard Webhooks has it", async ({ expect }) => {
  const receiver = await openReceiver();

  expect(await send(receiver.url)).toEqual({ status: "taken" });
  const [{ method, path, headers, body } = { headers: {}, body: "" }] = receiver.received;
  expect([method, path]).toEqual(["POST", "/hook?code=hush"]);
  expect(headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
  expect(JSON.parse(body)).toEqual({
    specversion: "1.0",
    id: "0123456789abcdef0123456789abcdef-3",
    source: "https://example.blob.core.windows.net/input",
    subject: "talks/Größe.mp4",
    type: "mp3drop.conversion.failed",
    time: "2026-01-01T11:59:59.000Z",
    datacontenttype: "application/json",
    data: RECORD,
  });
  const signed = `${EVENT.id}.1767268800.${body}`;
  expect(headers).toMatchObject({
    "webhook-id": EVENT.id,
    "webhook-timestamp": "1767268800",
    "webhook-signature": `v1,${createHmac("sha256", KEY).update(signed).digest("base64")}`,
  });
});

test("the signature is that of the specification's own example", ({ expect }) => {
  const sentAt = new Date(1614265330 * 1000);

  expect(
    sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", sentAt, '{"test": 2432232314}'),
  ).toMatchObject({ "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" });
});

test.for([200, 202, 204])("%i says that it was taken", async (status, { expect }) => {
  expect(await send((await openReceiver({ status })).url)).toEqual({ status: "taken" });
});

test.for([400, 401, 404, 410])("%i is a refusal for good", async (status, { expect }) => {
  const { url } = await openReceiver({ status });

  expect(await send(url)).toEqual({
    status: "refused",
    httpStatus: status,
    reason: `NOTIFY_URL answered ${status}`,
    retryAfterSeconds: 0,
  });
});

test.for([408, 429, 500, 503])("after %i it may be taken later, when the receiver says", async (status, { expect }) => {
  const { url } = await openReceiver({ status, headers: { "retry-after": "120" } });

  expect(await send(url)).toMatchObject({ status: "unavailable", httpStatus: status, retryAfterSeconds: 120 });
});

test("a redirect is not followed", async ({ expect }) => {
  const other = await openReceiver();
  const { url } = await openReceiver({ status: 307, headers: { location: other.url } });

  expect(await send(url)).toMatchObject({ status: "unavailable", httpStatus: 307 });
  expect(other.received).toEqual([]);
});

test("no answer, or none in time, says so without the address", async ({ expect }) => {
  const { url } = await openReceiver(null);
  const silent = await send(url, 50);
  const nobody = await send("http://127.0.0.1:1/hook?code=hush");

  expect(silent).toMatchObject({
    status: "unavailable",
    httpStatus: null,
    reason: "NOTIFY_URL did not answer in time",
  });
  expect(nobody).toMatchObject({ status: "unavailable", httpStatus: null });
  expect(JSON.stringify(nobody)).not.toContain("hush");
});
