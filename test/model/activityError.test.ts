import { inspect } from "node:util";
import { test } from "vitest";
import { markActivityError, readActivityError } from "../../src/model/activityError.ts";
import { BatchError, StorageError } from "../../src/model/errors.ts";

const busy = new StorageError("Azure Storage could not read a: 503", { code: "ServerBusy", statusCode: 503 });

test.for([
  ["the Durable extension", (text: string) => `Activity function 'publish' failed: ${text} \n {"stack":"at x"}`],
  [
    "a worker's exception",
    (text: string) => `Result: Failure\nException: Error: ${text}\nStack: Error: ${text}\n at x`,
  ],
  ["nothing", (text: string) => text],
] as const)("code and reason of an error are read through what %s puts around it", ([, wrap], { expect }) => {
  expect(readActivityError(new Error(wrap(markActivityError(busy).message)))).toEqual({
    code: "Throttled",
    reason: "Azure Storage could not read a: 503",
    retryAfterSeconds: 0,
  });
});

test("how long a service wants to be left alone gets through, in whole seconds", ({ expect }) => {
  const refusal = { code: "TooManyRequests", statusCode: 429, retryAfterSeconds: 12.3 };
  const marked = markActivityError(new BatchError("Azure Batch could not add task x", refusal));

  expect(readActivityError(new Error(`Activity function 'submitTask' failed: ${marked.message}`))).toEqual({
    code: "Throttled",
    reason: "Azure Batch could not add task x",
    retryAfterSeconds: 13,
  });
});

test("a message without a head is the host's own", ({ expect }) => {
  expect(readActivityError(new Error("Timeout value of 00:05:00 was exceeded\nby publish"))).toEqual({
    code: "InternalError",
    reason: "Timeout value of 00:05:00 was exceeded",
    retryAfterSeconds: 0,
  });
});

test("a code of a newer version counts as an internal error", ({ expect }) => {
  expect(readActivityError(new Error("[failure:FromTheFuture] y"))).toMatchObject({
    code: "InternalError",
    reason: "y",
  });
});

test("no secret is in what an activity throws, however it is shown", ({ expect }) => {
  const cause = Object.assign(new Error("x"), { request: { url: "http://h/c/b?sig=SECRET" } });
  const error = new StorageError(
    "could not read http://h/c/b?sig=SECRET",
    { code: undefined, statusCode: 403 },
    { cause },
  );

  expect(inspect(markActivityError(error), { depth: 10 })).not.toContain("SECRET");
});
