import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "vitest";
import { fieldsOf, signatureOf } from "./delegationSas.ts";
import type { StandInAzure } from "./standInAzure.ts";
import { ACCOUNT, DELEGATION_KEY, IDENTITY, startStandInAzure } from "./standInAzure.ts";

const SERVICES = new URL("../../dist/azure/azureServices.js", import.meta.url).href;

/**
 * Runs an expression over our `services()` in a process of its own, as the Functions host does: only a new process
 * trusts the certificate of the stand-in, and finds the settings that Azure gives.
 */
async function onAzure(azure: StandInAzure, expression: string, env: Record<string, string> = {}): Promise<unknown> {
  const script = `
    import { services } from ${JSON.stringify(SERVICES)};
    const { blobs, batch } = services();
    const inOneHour = new Date(Date.now() + 3_600_000);
    const value = await (async () => ${expression})().catch(({ name, message, failureCode }) => ({ name, message, failureCode }));
    process.stdout.write(JSON.stringify(value ?? null), () => process.exit());
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
    env: { ...azure.env, ...env },
  });
  return JSON.parse(stdout);
}

test("the system-assigned identity signs in where no client id is set", async ({ expect }) => {
  const azure = await startStandInAzure();

  expect(await onAzure(azure, `blobs.properties({ container: "input", name: "a.mp4" })`)).toBeNull();
  expect(azure.tokenRequests).toEqual([
    { resource: "https://storage.azure.com", clientId: null, apiVersion: "2019-08-01" },
  ]);
});

test("the user-assigned identity that the settings name signs in", async ({ expect }) => {
  const azure = await startStandInAzure();
  const env = { STORAGE__clientId: "app-client" };

  await onAzure(
    azure,
    `[await blobs.properties({ container: "input", name: "a.mp4" }), await batch.ensurePoolAndJob()]`,
    env,
  );

  expect(azure.tokenRequests).toEqual([
    { resource: "https://storage.azure.com", clientId: "app-client", apiVersion: "2019-08-01" },
    { resource: "https://batch.core.windows.net", clientId: "app-client", apiVersion: "2019-08-01" },
  ]);
});

test("one token and one key serve many signatures", async ({ expect }) => {
  const azure = await startStandInAzure();
  const signing = `blobs.readUrl({ container: "input", name: "a.mp4" }, inOneHour)`;

  await onAzure(azure, `[await Promise.all([${signing}, ${signing}]), await ${signing}]`);

  expect(azure.tokenRequests).toHaveLength(1);
  expect(azure.keyRequests).toHaveLength(1);
});

test("URLs are signed on behalf of the identity, field by field as Storage checks them", async ({ expect }) => {
  const azure = await startStandInAzure();
  const name = "täl ks/it's 100% #1+?.mp4";
  const expression = `[
    await blobs.readUrl({ container: "input", name: ${JSON.stringify(name)} }, inOneHour),
    await blobs.writeUrl("work", inOneHour),
  ]`;

  const [readUrl, writeUrl] = (await onAzure(azure, expression)) as [string, string];

  const [key] = azure.keyRequests;
  const delegated = {
    skoid: IDENTITY.objectId,
    sktid: IDENTITY.tenantId,
    sks: "b",
    skv: key?.version,
    sv: "2026-04-06",
    spr: "https",
  };
  expect(fieldsOf(readUrl)).toEqual({ ...delegated, sp: "r", sr: "b" });
  expect(fieldsOf(writeUrl)).toEqual({ ...delegated, sp: "cw", sr: "c" });
  expect(decodeURIComponent(new URL(readUrl).pathname)).toBe(`/${ACCOUNT}/input/${name}`);
  expect(new URL(writeUrl).pathname).toBe(`/${ACCOUNT}/work`);
  for (const url of [readUrl, writeUrl]) {
    const { searchParams } = new URL(url);
    expect(searchParams.get("skt")).toBe(key?.start);
    expect(searchParams.get("ske")).toBe(key?.expiry);
    expect(searchParams.get("sig")).toBe(signatureOf({ url, account: ACCOUNT, key: DELEGATION_KEY }));
  }
});

test("an identity without a role in the storage account is an error in words", async ({ expect }) => {
  const azure = await startStandInAzure({ lacksRole: true });

  expect(await onAzure(azure, `blobs.readUrl({ container: "input", name: "a.mp4" }, inOneHour)`)).toEqual({
    name: "StorageError",
    message: "Azure Storage could not sign a URL of input/a.mp4: 403: AuthorizationPermissionMismatch: In words.",
    failureCode: "Misconfigured",
  });
});

test.for([
  ["Storage", `blobs.properties({ container: "input", name: "a.mp4" })`, "look at input/a.mp4"],
  ["Batch", `batch.ensurePoolAndJob()`, "read pool mp3drop"],
])("a failed sign-in to %s gives the reason, not just that it failed", async ([service, call, what], { expect }) => {
  const azure = await startStandInAzure({ lacksIdentity: true });

  expect(await onAzure(azure, call ?? "")).toEqual({
    name: `${service}Error`,
    message: expect.stringMatching(
      new RegExp(`^Azure ${service} could not ${what}: [^\\n]*No User Assigned or Delegated[^\\n]*$`),
    ),
    failureCode: "Misconfigured",
  });
});
