import { afterAll, beforeAll, test } from "vitest";
import type { RegisteredFunction } from "../../src/local/functionsHost/worker/coreModule.ts";
import type { Logger } from "../../src/local/functionsHost/log.ts";
import { Worker } from "../../src/local/functionsHost/worker/worker.ts";

const SETTINGS = {
  STORAGE: "UseDevelopmentStorage=true",
  BATCH_ACCOUNT_ENDPOINT: "http://127.0.0.1:1",
  API_SIGN_IN: "true",
};

let worker: Worker;
let api: RegisteredFunction[];

beforeAll(async () => {
  Object.assign(process.env, SETTINGS);
  const log = { write: () => {} } as unknown as Logger;
  worker = await Worker.load(process.cwd(), log, 10_000);
  api = worker.functions.filter(({ name, trigger }) => trigger.type === "httpTrigger" && !/page/i.test(name));
});
afterAll(() => {
  for (const name of Object.keys(SETTINGS)) delete process.env[name];
});

async function call(
  fn: RegisteredFunction,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly body: { readonly code?: string } }> {
  const [method = "GET"] = (fn.trigger as { methods?: string[] }).methods ?? [];
  const url = "https://drop.example/api/x";
  const nullableHeaders = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, { value }]));
  const http = { method, url, nullableHeaders, nullableQuery: {}, nullableParams: { id: { value: "nonsense" } } };
  const rpcBaseUrl = "http://127.0.0.1:1/";
  const durable = { taskHubName: "Hub", creationUrls: {}, managementUrls: {}, baseUrl: rpcBaseUrl, rpcBaseUrl };
  const extraInputs = { durableClient: { string: JSON.stringify(durable) } };
  const { value } = await worker.invoke({ fn, input: { http }, extraInputs });
  const { status, body = "{}" } = value as { status: number; body?: string };
  return { status, body: JSON.parse(body) as { code?: string } };
}

function named(name: string): RegisteredFunction {
  return api.find((fn) => fn.name === name) as RegisteredFunction;
}

test("who has not signed in is refused by every endpoint but the description of the API", async ({ expect }) => {
  const answers = await Promise.all(api.map(async (fn) => [fn.name, (await call(fn)).body.code]));

  expect(api.length).toBeGreaterThan(8);
  expect(answers.filter(([, code]) => code !== "SignInRequired").map(([name]) => name)).toEqual(["getOpenApi"]);
});

test("no key is asked for beside the sign-in", ({ expect }) => {
  expect(new Set(api.map(({ trigger }) => (trigger as { authLevel?: string }).authLevel))).toEqual(
    new Set(["anonymous"]),
  );
});

test.for([
  ["no page", "ConversionNotFound", {}],
  ["our page", "ConversionNotFound", { origin: "https://drop.example" }],
  ["another page", "OtherOrigin", { origin: "https://evil.example" }],
  ["a page without an origin of its own", "OtherOrigin", { origin: "null" }],
] as const)(
  "a change by somebody who has signed in, from %s, is answered with %s",
  async ([, code, origin], { expect }) => {
    const signedIn = { "x-ms-client-principal-id": "0123", ...origin };

    expect((await call(named("retryConversion"), signedIn)).body.code).toBe(code);
    expect((await call(named("cancelConversion"), signedIn)).body.code).toBe(code);
  },
);

test("another page that only looks is left to the browser, which shows it nothing", async ({ expect }) => {
  const signedIn = { "x-ms-client-principal-id": "0123", origin: "https://evil.example" };

  expect((await call(named("getConversion"), signedIn)).body.code).toBe("ConversionNotFound");
});
