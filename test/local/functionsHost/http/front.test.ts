import { Hono } from "hono";
import { test } from "vitest";
import { createFront, createRpc } from "../../../../src/local/functionsHost/http/front.ts";
import { createLogger } from "../../../../src/local/functionsHost/log.ts";
import { UserError } from "../../../../src/local/kit/userError.ts";

/** The host's two servers, with a Durable API that fails on every request. */
function setUp(error: Error) {
  const lines: string[] = [];
  const log = createLogger({}, (line) => lines.push(line));
  const durableApi = new Hono();
  durableApi.all("*", () => {
    throw error;
  });
  const notFound = () => Promise.resolve(new Response(null, { status: 404 }));
  const front = createFront({
    durableApi,
    adminApi: new Hono(),
    systemKey: () => "key",
    blobEvents: notFound,
    httpTriggers: notFound,
    maxBodyBytes: 1_000,
    corsOrigins: [],
    log,
  });
  return { lines, front, rpc: createRpc(durableApi, "/secret/durabletask", log) };
}

test("a bug in a request is answered with 500 and logged once, with its stack", async ({ expect }) => {
  const bug = new Error("on purpose");
  const { lines, front, rpc } = setUp(bug);

  expect((await front.request("/runtime/webhooks/durabletask/instances?code=key")).status).toBe(500);
  expect((await rpc.request("/secret/durabletask/instances")).status).toBe(500);

  expect(lines).toEqual([
    `[error] Host: GET /runtime/webhooks/durabletask/instances: ${bug.stack}`,
    `[error] Host: GET /secret/durabletask/instances: ${bug.stack}`,
  ]);
});

test("a failure that the host itself reports is not logged for each request", async ({ expect }) => {
  const { lines, front, rpc } = setUp(new UserError("StateNotSaved", "The disk is full"));

  expect((await front.request("/runtime/webhooks/durabletask/instances?code=key")).status).toBe(500);
  expect((await rpc.request("/secret/durabletask/instances")).status).toBe(500);

  expect(lines).toEqual([]);
});

test("damaged data is answered with 500 and named in the log, without a stack", async ({ expect }) => {
  const { lines, front } = setUp(new UserError("DamagedData", "archive/1.jsonl is damaged at byte 7"));

  expect((await front.request("/runtime/webhooks/durabletask/instances/a?code=key")).status).toBe(500);

  expect(lines).toEqual([
    "[error] Host: GET /runtime/webhooks/durabletask/instances/a: archive/1.jsonl is damaged at byte 7",
  ]);
});
