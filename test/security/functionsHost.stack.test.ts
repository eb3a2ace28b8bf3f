import { createServer } from "node:http";
import { afterAll, beforeAll, describe, onTestFinished, test } from "vitest";
import { listen } from "../../src/local/kit/listen.ts";
import type { HostProcess } from "../local/functionsHost/hostProcess.ts";
import { fixtureApp, startHostProcess } from "../local/functionsHost/hostProcess.ts";
import { temporaryFolder } from "../local/temporaryFolder.ts";
import { listeningPorts } from "./listeningPorts.ts";
import { head, sendRaw } from "./rawRequest.ts";

const MAX_BODY_BYTES = 100_000;
const ALLOWED_ORIGIN = "https://app.example";

const hosts: Record<string, HostProcess> = {};

/** One process for each app, for all tests of this file. */
beforeAll(async () => {
  const env = {
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(MAX_BODY_BYTES),
    FUNCTIONS_HOST_CORS: `${ALLOWED_ORIGIN}, http://localhost:3000`,
  };
  for (const app of ["basic", "catchAll"]) {
    hosts[app] = await startHostProcess({ app: fixtureApp(app), data: temporaryFolder(afterAll), env });
  }
});

afterAll(() => Promise.all(Object.values(hosts).map((host) => host.end("SIGTERM"))));

function urlOf(app: string): string {
  return hosts[app]?.url ?? "";
}

async function managementUrl(): Promise<string> {
  const answer = await fetch(`${urlOf("basic")}/api/start/waitForEvent`, { method: "POST", body: "1" });
  return ((await answer.json()) as { statusQueryGetUri: string }).statusQueryGetUri;
}

describe("where streaming requests go", () => {
  test("a path that looks like a host stays a path", async ({ expect }) => {
    const asked: (string | undefined)[] = [];
    const stranger = createServer((request, response) => {
      asked.push(request.url);
      response.end("stranger");
    });
    const port = await listen(stranger, { port: 0 });
    onTestFinished(() => void stranger.close());
    const url = urlOf("catchAll");
    const { host } = new URL(url);

    const answers = await Promise.all(
      [`//127.0.0.1:${port}/secret?code=1`, `///127.0.0.1:${port}/secret`, `/\\127.0.0.1:${port}/secret`].map((path) =>
        sendRaw(url, head(`GET ${path} HTTP/1.1`, `Host: ${host}`, "x-functions-key: secret")),
      ),
    );

    expect(asked).toEqual([]);
    expect(answers.map(({ text }) => text.includes("stranger"))).toEqual([false, false, false]);
    expect(answers[0]).toEqual({ status: 200, text: expect.stringContaining(`//127.0.0.1:${port}/secret?code=1`) });
  });
});

describe("pages of other sites", () => {
  const MANAGEMENT = "/runtime/webhooks/durabletask/instances";
  const STRANGERS = [
    { origin: "https://evil.example" },
    { origin: "http://localhost:3333" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];

  test.for(["/api/echo/1", MANAGEMENT, "/runtime/webhooks/blobs", "/admin/host/status", "/nowhere"])(
    "%s is refused to them, by their host and by their origin",
    async (path, { expect }) => {
      const url = urlOf("basic");
      const { host } = new URL(url);

      const answers = await Promise.all([
        sendRaw(url, head(`GET ${path} HTTP/1.1`, "Host: evil.example")),
        sendRaw(url, head(`POST ${path} HTTP/1.1`, `Host: ${host}`, "Origin: http://evil.example")),
        sendRaw(url, head(`POST ${path} HTTP/1.1`, `Host: ${host}`, "Origin: null")),
        sendRaw(url, head(`GET http://evil.example${path} HTTP/1.1`, `Host: ${host}`)),
      ]);

      expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403]);
    },
  );

  test("even one that knows a management link can neither look nor end anything; a page of the host can", async ({
    expect,
  }) => {
    const link = await managementUrl();
    const end = link.replace("?", "/terminate?");
    const own = { origin: urlOf("basic") };

    expect((await fetch(link, { headers: { origin: "http://evil.example" } })).status).toBe(403);
    for (const headers of STRANGERS) expect((await fetch(end, { method: "POST", headers })).status).toBe(403);
    expect((await fetch(link)).status).toBe(202);
    expect((await fetch(end, { method: "POST", headers: own })).status).toBe(202);
  });

  test("one that sends what a browser sends without asking first starts and deletes nothing", async ({ expect }) => {
    const url = urlOf("basic");
    const start = `${url}/api/start/waitForEvent`;
    const body = "1";

    for (const headers of STRANGERS) {
      const simple = { ...headers, "content-type": "text/plain" };
      expect((await fetch(`${start}/byStranger`, { method: "POST", headers: simple, body })).status).toBe(403);
      expect((await fetch(`${url}/api/echo/1`, { method: "DELETE", headers })).status).toBe(403);
    }
    expect((await fetch(`${url}/api/status/byStranger`)).status).toBe(404);
    const own = { origin: url, "sec-fetch-site": "same-origin" };
    expect((await fetch(`${start}/byPage`, { method: "POST", headers: own, body })).status).toBe(202);
    expect((await fetch(`${url}/api/echo/1`, { method: "DELETE", headers: own })).status).toBe(201);
  });

  test("pages of the host itself are served, without a setting", async ({ expect }) => {
    const url = urlOf("basic");

    expect((await fetch(`${url}/api/echo/1`, { headers: { origin: url } })).status).toBe(201);
  });

  test("an origin that FUNCTIONS_HOST_CORS names is served and may read the answers, preflights too", async ({
    expect,
  }) => {
    const url = `${urlOf("basic")}/api/echo/1`;
    const headers = { origin: ALLOWED_ORIGIN };

    const answer = await fetch(url, { headers });
    const preflight = await fetch(url, {
      method: "OPTIONS",
      headers: { ...headers, "access-control-request-method": "DELETE", "access-control-request-headers": "x-a" },
    });

    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([201, ALLOWED_ORIGIN]);
    expect([preflight.status, preflight.headers.get("access-control-allow-headers")]).toEqual([204, "x-a"]);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("DELETE");
  });
});

describe("long bodies", () => {
  const JUST_TOO_LONG = MAX_BODY_BYTES + 1;
  const TARGETS = [
    ["a function", "basic", "/api/echo/1"],
    ["a function that streams", "catchAll", "/anything"],
    ["the Event Grid webhook", "basic", "/runtime/webhooks/blobs"],
  ] as const;

  /** In two chunks, so that the limit is passed in the middle of the body. */
  function chunked(bytes: number): string {
    const half = Math.floor(bytes / 2);
    return [half, bytes - half].map((size) => `${size.toString(16)}\r\n${"x".repeat(size)}\r\n`).join("");
  }

  test.for(TARGETS)(
    "%s is not given one whose length is too long, and nobody waits for it",
    async (target, { expect }) => {
      const [, app, path] = target;
      const { host } = new URL(urlOf(app));
      const lines = [`POST ${path} HTTP/1.1`, `Host: ${host}`, `Content-Length: ${JUST_TOO_LONG}`] as const;

      expect(await sendRaw(urlOf(app), head(...lines))).toMatchObject({ status: 413 });
    },
  );

  test.for(TARGETS)("%s is not given one that turns out too long", async ([, app, path], { expect }) => {
    const { host } = new URL(urlOf(app));
    const lines = [`POST ${path} HTTP/1.1`, `Host: ${host}`, "Transfer-Encoding: chunked"] as const;

    // Without its end: the server must not wait for that.
    expect(await sendRaw(urlOf(app), head(...lines), chunked(JUST_TOO_LONG))).toMatchObject({ status: 413 });
  });

  test("the management API takes no long bodies either", async ({ expect }) => {
    const link = (await managementUrl()).replace(/\?/, "/raiseEvent/a?");

    expect((await fetch(link, { method: "POST", body: `"${"x".repeat(MAX_BODY_BYTES)}"` })).status).toBe(413);
  });

  test("one that just fits arrives, with and without an announced length", async ({ expect }) => {
    const url = `${urlOf("catchAll")}/anything`;
    const body = "x".repeat(MAX_BODY_BYTES);

    const announced = await fetch(url, { method: "POST", body });
    const streamed = await fetch(url, {
      method: "POST",
      body: new Blob([body]).stream(),
      duplex: "half",
    } as RequestInit);

    expect(await announced.json()).toMatchObject({ bytes: MAX_BODY_BYTES });
    expect(await streamed.json()).toMatchObject({ bytes: MAX_BODY_BYTES });
  });
});

describe("the SDK's own way into the host", () => {
  test("is closed to everybody else", async ({ expect }) => {
    const host = hosts["basic"];
    const ports = listeningPorts(host?.child.pid ?? 0);

    const answers = await Promise.all(
      ports.flatMap((port) =>
        ["/durabletask/instances", "/durabletask/orchestrators/waitForEvent"].map(async (path) => {
          const method = path.endsWith("instances") ? "GET" : "POST";
          return (await fetch(`http://127.0.0.1:${port}${path}`, { method })).status;
        }),
      ),
    );

    expect(ports).toHaveLength(2);
    expect(answers).toEqual([404, 404, 404, 404]);
  });
});
