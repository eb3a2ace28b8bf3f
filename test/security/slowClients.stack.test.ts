import { Hono } from "hono";
import type { HttpBindings } from "@hono/node-server";
import { onTestFinished, test } from "vitest";
import { openLateServer } from "../../src/local/functionsHost/http/lateServer.ts";
import { sendRaw } from "./rawRequest.ts";

/** Long enough that a busy machine reads the headers of a request before it is cut off. */
const SHORT = { headersTimeout: 1_000, requestTimeout: 1_500, connectionsCheckingInterval: 10 };

/** A server like the Functions host's, with less patience, that reads bodies as a whole. */
async function open() {
  const server = await openLateServer({ port: 0, patience: SHORT });
  onTestFinished(() => server.close());
  const failures: unknown[] = [];
  const app = new Hono<{ Bindings: HttpBindings }>();
  app.onError((error, c) => {
    failures.push(error);
    return c.body(null, 500);
  });
  app.post("/", async (c) => c.text(await c.req.text()));
  server.become(app);
  return { url: server.url, failures };
}

test("a client that never finishes its headers is cut off", async ({ expect }) => {
  const { url } = await open();

  expect(await sendRaw(url, "POST / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")).toMatchObject({ status: 408 });
});

test.for([
  ["announced", "Content-Length: 1000\r\n\r\n"],
  ["chunked", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"],
])("a client that never finishes its %s body is cut off, and so is the work for it", async ([, rest], { expect }) => {
  const { url, failures } = await open();

  const answer = await sendRaw(url, `POST / HTTP/1.1\r\nHost: localhost\r\n${rest}`);

  expect(answer).toMatchObject({ status: 408 });
  await expect.poll(() => failures).toHaveLength(1);
});
