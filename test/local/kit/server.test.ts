import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { onTestFinished, test } from "vitest";
import type { EarlyServerOptions } from "../../../src/local/kit/server.ts";
import { openServer } from "../../../src/local/kit/server.ts";
import { takenPort } from "../ports.ts";

async function open(options: Partial<EarlyServerOptions> = {}) {
  const server = await openServer({ port: 0, ...options });
  onTestFinished(() => server.close());
  return server;
}

test("requests that come before there is an answer wait for it", async ({ expect }) => {
  const server = await open();
  const early = fetch(server.url);

  server.serve((_request, response) => response.end("ready"));

  expect(await (await early).text()).toBe("ready");
  expect(await (await fetch(server.url)).text()).toBe("ready");
});

test("early requests get the early answer, if there is one", async ({ expect }) => {
  const server = await open({ early: (_request, response) => response.writeHead(503).end() });
  const early = await fetch(server.url);

  server.serve((_request, response) => response.end("ready"));

  expect(early.status).toBe(503);
  expect((await fetch(server.url)).status).toBe(200);
});

test("closing does not wait for answers that never come", async ({ expect }) => {
  const server = await open();
  const never = fetch(server.url).catch((error: unknown) => error);

  await server.close();

  expect(await never).toBeInstanceOf(TypeError);
});

test.for([
  ["PortInUse", async () => ({ port: await takenPort() }), "--port"],
  ["AddressNotAvailable", async () => ({ host: "192.0.2.1" }), "--host"],
] as const)("%s is a sentence with the option that helps", async ([code, address, option], { expect }) => {
  await expect(open(await address())).rejects.toMatchObject({
    name: "UserError",
    code,
    hint: expect.stringContaining(option),
  });
});

/** What the server says to these lines. */
async function say(url: string, ...lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`${lines.join("\r\n")}\r\n\r\n`);
  return text(socket);
}

test.for([
  ["the host of another site", "GET / HTTP/1.1", "Host: evil.example", "Connection: close"],
  ["no host", "GET / HTTP/1.0"],
  ["the origin of another site", "GET / HTTP/1.1", "Host: localhost", "Origin: null", "Connection: close"],
  ["another site as its target", "GET http://evil.example/ HTTP/1.1", "Host: localhost", "Connection: close"],
] as const)("a request with %s is refused before and after there is an answer", async ([, ...lines], { expect }) => {
  const asked: unknown[] = [];
  const server = await open({ early: (_request, response) => asked.push(response.end("early")) });
  const early = await say(server.url, ...lines);
  server.serve((_request, response) => asked.push(response.end("late")));
  const late = await say(server.url, ...lines);

  expect([early, late]).toEqual(Array(2).fill(expect.stringMatching(/^HTTP\/1\.1 403 .*the request /is)));
  expect(asked).toEqual([]);
});
