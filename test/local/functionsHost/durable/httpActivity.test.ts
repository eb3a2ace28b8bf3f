import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "vitest";
import { runHttpActivity } from "../../../../src/local/functionsHost/durable/httpActivity.ts";

interface Received {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A server that says what it was sent, and answers as the paths ask. */
async function openServer(onEnd: (close: () => void) => void): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ line: `${request.method ?? ""} ${request.url ?? ""}`, headers: request.headers, body });
      answer(request.url ?? "", response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received };
}

function answer(path: string, response: ServerResponse): void {
  const status = Number(/^\/moved\/(\d+)/.exec(path)?.[1] ?? 0);
  if (status > 0) response.writeHead(status, ["location", "/end"]).end();
  else if (path === "/loop") response.writeHead(302, ["location", "/loop"]).end("again");
  else {
    const cookies = ["set-cookie", "a=1", "SET-COOKIE", "b=2"];
    const own = ["x-Custom", "1", "X-CUSTOM", "2", "x-One", "1"];
    const ofContent = ["content-type", "text/plain", "content-language", "de", "last-modified", "yesterday"];
    response.writeHead(200, ["etag", '"e"', "RETRY-AFTER", "5", ...own, ...cookies, ...ofContent]).end("hëllo");
  }
}

async function call(request: object): Promise<Record<string, unknown>> {
  const result = await runHttpActivity(JSON.stringify(request));
  return result.kind === "completed" ? (JSON.parse(result.result ?? "") as Record<string, unknown>) : { ...result };
}

// As real hosts did, asked the same.
test("an answer has the names of headers as .NET writes them, several values as a list, and no headers of the content", async ({
  expect,
  onTestFinished,
}) => {
  const { url } = await openServer(onTestFinished);

  const { statusCode, content, headers } = await call({ method: "GET", uri: `${url}/end` });

  expect({ statusCode, content, headers }).toEqual({
    statusCode: 200,
    content: "hëllo",
    headers: {
      ETag: '"e"',
      "Retry-After": "5",
      "x-Custom": ["1", "2"],
      "x-One": "1",
      "Set-Cookie": ["a=1", "b=2"],
      Date: expect.any(String) as string,
      Connection: "keep-alive",
      "Keep-Alive": "timeout=5",
      "Transfer-Encoding": "chunked",
    },
  });
});

test("a request has its headers and body, and says who sends it", async ({ expect, onTestFinished }) => {
  const { url, received } = await openServer(onTestFinished);

  await call({ method: "POST", uri: url, content: '{"ä":1}', headers: { "Content-Type": "application/json", a: "b" } });
  await call({ method: "POST", uri: url, content: "text" });

  const [json, plain] = received;
  expect(json).toMatchObject({ headers: { "content-type": "application/json", a: "b" }, body: '{"ä":1}' });
  expect(plain).toMatchObject({ headers: { "content-type": "text/plain", "content-length": "4" }, body: "text" });
  expect(json?.headers["user-agent"]).toMatch(/^Microsoft\.Azure\.WebJobs\.Extensions\.DurableTask\//);
});

test.for([
  [301, "GET /end", ""],
  [302, "GET /end", ""],
  [303, "GET /end", ""],
  [307, "POST /end", "text"],
  [308, "POST /end", "text"],
] as const)("a redirect with %i is followed with %s", async ([status, line, body], { expect, onTestFinished }) => {
  const { url, received } = await openServer(onTestFinished);
  const headers = { authorization: "secret" };

  const answer = await call({ method: "POST", uri: `${url}/moved/${status}`, content: "text", headers });

  expect(answer).toMatchObject({ statusCode: 200 });
  expect(received[1]).toMatchObject({ line, body });
  expect(received[1]?.headers.authorization).toBeUndefined();
});

test("redirects are followed fifty times, then their answer is the result", async ({ expect, onTestFinished }) => {
  const { url, received } = await openServer(onTestFinished);

  expect(await call({ method: "GET", uri: `${url}/loop` })).toMatchObject({ statusCode: 302, content: "again" });
  expect(received).toHaveLength(51);
});

test("a request that cannot be sent fails with the reason alone", async ({ expect }) => {
  const refused = await call({ method: "GET", uri: "http://127.0.0.1:1/" });
  const noIdentity = await call({ method: "GET", uri: "http://127.0.0.1:1/", tokenSource: { resource: "x" } });

  expect(refused).toMatchObject({ kind: "failed", reason: "connect ECONNREFUSED 127.0.0.1:1" });
  expect(noIdentity).toMatchObject({ kind: "failed", reason: expect.stringMatching(/^callHttp with a tokenSource /) });
});
