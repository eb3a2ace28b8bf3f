import { test } from "vitest";
import type { BatchEmulatorOptions } from "../../src/local/batchEmulator/index.ts";
import { startVirtualFixture } from "../local/batchEmulator/emulator.ts";
import { raw } from "../local/batchEmulator/rawHttp.ts";

const BATCH = "https://batch.core.windows.net/";
const IN_AN_HOUR = Math.floor(Date.now() / 1000) + 3600;
const SECRET_KEY = Buffer.from("a key that nobody else knows").toString("base64");

/** A token that nobody signed, for this audience and until this time. */
function token(aud: string, exp: number | undefined): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `Bearer ${part({ alg: "none" })}.${part({ aud, exp })}.`;
}

async function start(options: Partial<BatchEmulatorOptions>) {
  const { emulator } = await startVirtualFixture(options);
  return (authorization: string | null) => raw(emulator, { path: "/jobs", authorization });
}

test.for([
  ["a key of its own", { accountKey: SECRET_KEY }],
  ["two keys of its own", { accountKeys: [SECRET_KEY, SECRET_KEY] }],
  ["an address that other machines reach", { host: "0.0.0.0" }],
] as const)("with %s the emulator takes no bearer token, and says what to do", async ([, options], { expect }) => {
  const call = await start(options);

  const answer = await call(token(BATCH, IN_AN_HOUR));

  expect(answer.status).toBe(401);
  expect(answer.text).toContain("--accept-unverified-tokens");
});

test("no command runs for a token that nobody signed", async ({ expect }) => {
  const { emulator, client } = await startVirtualFixture({ accountKey: SECRET_KEY });
  await client.job.add({ id: "job", poolInfo: { poolId: "pool" } });

  const { status } = await raw(emulator, {
    method: "POST",
    path: "/jobs/job/tasks",
    body: { id: "task", commandLine: "id" },
    authorization: token(BATCH, IN_AN_HOUR),
  });

  expect(status).toBe(401);
  expect(await client.task.list("job")).toHaveLength(0);
});

test.for([
  ["the public key on the loopback address", {}],
  ["the option for it, whatever the key", { accountKey: SECRET_KEY, acceptUnverifiedTokens: true }],
] as const)(
  "with %s a token for Batch is taken, but none that has expired or is for others",
  async ([, options], { expect }) => {
    const call = await start(options);
    const status = async (authorization: string) => (await call(authorization)).status;

    expect(await status(token(BATCH, IN_AN_HOUR))).toBe(200);
    expect(await status(token(BATCH, 1))).toBe(401);
    expect(await status(token(BATCH, undefined))).toBe(401);
    expect(await status(token("https://management.azure.com/", IN_AN_HOUR))).toBe(401);
    expect(await status(token("https://batch.core.windows.net.evil.example/", IN_AN_HOUR))).toBe(401);
    expect(await status("Bearer")).toBe(401);
  },
);

test("the option can refuse tokens even where the key is public", async ({ expect }) => {
  const call = await start({ acceptUnverifiedTokens: false });

  expect((await call(token(BATCH, IN_AN_HOUR))).status).toBe(401);
});
