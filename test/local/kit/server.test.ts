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
