import { createServer } from "node:http";
import { BlobServiceClient, StorageSharedKeyCredential } from "@azure/storage-blob";
import { afterAll, beforeAll, onTestFinished, test } from "vitest";
import { connectBatch } from "../../../src/azure/batch/client.ts";
import { connectArm } from "../../../src/cli/azure/arm.ts";
import { deploymentChecks } from "../../../src/cli/doctor/deployment/checks.ts";
import { examine } from "../../../src/cli/doctor/examine.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { Secrets } from "../../../src/cli/doctor/secrets.ts";
import type { StorageView } from "../../../src/cli/doctor/storage.ts";
import { checkStorage } from "../../../src/cli/doctor/storage.ts";
import { dataFolderAt, lockDataFolder } from "../../../src/local/stack/dataFolder.ts";
import type { LocalStack } from "../../../src/local/stack/localStack.ts";
import { startLocalStack } from "../../../src/local/stack/localStack.ts";
import { announceStack } from "../../../src/local/stack/stackState.ts";
import { mp3 } from "../../../src/workloads/mp3/index.ts";
import { readTaskScript } from "../../../src/workloads/taskFiles.ts";
import { listen } from "../../azure/standInAzure.ts";
import { temporaryFolder } from "../../local/temporaryFolder.ts";
import { AZD_ENV, startStandInArm } from "../azure/standInArm.ts";
import { startCli } from "../runCli.ts";
import { APP_SETTINGS, SITE, WELL, answer, answersOf, subscription } from "./standInDeployment.ts";

const MINUTE_MS = 60_000;

let stack: LocalStack;
let account: BlobServiceClient;

beforeAll(async () => {
  stack = await startLocalStack({
    data: temporaryFolder(afterAll),
    ports: { blob: 0, queue: 0, table: 0, batch: 0, functions: 0 },
    env: process.env,
    privateStorage: true,
  });
  account = BlobServiceClient.fromConnectionString(stack.connection.storage.connectionString);
});

afterAll(async () => {
  await stack?.stop();
});

let suffix = 0;

/** Containers that no other test uses. */
async function newContainers(...made: readonly (keyof StorageView["containers"])[]) {
  suffix++;
  const names = { input: "", output: "", staging: "", application: "" };
  for (const name of Object.keys(names) as (keyof typeof names)[]) names[name] = `${name}-${suffix}`;
  await Promise.all(made.map((name) => account.getContainerClient(names[name]).create()));
  return names;
}

async function write(container: string, name: string, text: string): Promise<void> {
  await account.getContainerClient(container).getBlockBlobClient(name).upload(text, text.length);
}

function lookAtStorage(view: Pick<StorageView, "containers"> & Partial<StorageView>): Promise<Finding[]> {
  const whole = { connect: () => account, isDeployed: false, isPersons: false, now: Date.now, ...view };
  return examine([checkStorage(whole)], { secrets: new Secrets() });
}

async function runDoctor(...args: string[]) {
  const cli = startCli(["doctor", "--data", stack.folder.path, ...args], { cwd: temporaryFolder() });
  const { code } = await cli.exit;
  return { code, stdout: cli.stdout(), stderr: cli.stderr() };
}

test("a running stack is well, and none of its keys is shown", async ({ expect }) => {
  const { code, stdout, stderr } = await runDoctor("--json");

  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  expect(findings.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(code).toBe(0);
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["Node.js", "ffmpeg", "data folder", "settings", "storage", "Batch", "node image", "app"]),
  );
  const { batch, storage } = stack.connection;
  for (const secret of [batch.accountKey, /AccountKey=([^;]+)/.exec(storage.connectionString)?.[1] ?? ""]) {
    expect(secret).not.toBe("");
    expect(`${stdout}${stderr}`).not.toContain(secret);
  }
});

test("what is wrong makes the exit code 1, in a line with what to do", async ({ expect }) => {
  const { text } = readTaskScript(mp3);
  await account.getContainerClient("application").createIfNotExists();
  await write("application", "mp3-0123456789abcdef.sh", `${text}\n`);

  const { code, stdout, stderr } = await runDoctor();

  await account.getContainerClient("application").deleteBlob("mp3-0123456789abcdef.sh");
  expect(code).toBe(1);
  expect(stdout).toMatch(/^✗ script mp3-0123456789abcdef\.sh: somebody has changed it → Find out who may write/m);
  expect(stderr).toMatch(/\d+ ok, 1 wrong\n$/);
});

test("Ctrl-C ends it at once, whatever does not answer", async ({ expect }) => {
  let isAsked = (): void => {};
  const asked = new Promise<void>((resolve) => (isAsked = resolve));
  const url = `http://127.0.0.1:${await listen(createServer(() => isAsked()))}`;
  const folder = dataFolderAt(temporaryFolder());
  onTestFinished(lockDataFolder(folder));
  const { storage, batch } = stack.connection;
  announceStack(folder, { storage, batch, functions: { url }, data: folder.path });
  const cli = startCli(["doctor", "--data", folder.path], { cwd: temporaryFolder() });

  await asked;
  cli.child.kill("SIGINT");

  expect(await cli.exit).toEqual({ code: 130, signal: null });
  expect(cli.stdout()).toBe("");
});

test("containers that the app makes later are well, those that nobody makes are not", async ({ expect }) => {
  const containers = await newContainers("output");

  expect((await lookAtStorage({ containers })).slice(2)).toEqual([
    { what: `container ${containers.input}`, state: "wrong", detail: "it does not exist", hint: expect.any(String) },
    { what: `container ${containers.staging}`, state: "ok", detail: expect.stringContaining("the app makes it") },
    { what: `container ${containers.application}`, state: "ok", detail: expect.stringContaining("the app makes it") },
    { what: "containers", state: "ok", detail: `${containers.output} exist` },
  ]);
  expect(
    (await lookAtStorage({ containers, isDeployed: true })).filter(({ state }) => state === "wrong"),
  ).toMatchObject(
    [containers.input, containers.staging, containers.application, "undelivered"].map((name) => ({
      what: `container ${name}`,
      hint: expect.stringContaining("azd provision"),
    })),
  );
});

test("scripts that are as their names say are well, of whichever version", async ({ expect }) => {
  const containers = await newContainers("input", "application");
  const { text, blobName } = readTaskScript(mp3);
  await write(containers.application, blobName, text);
  await write(containers.application, "notes.sh", "somebody's own");

  expect(await lookAtStorage({ containers })).toContainEqual({
    what: `scripts in ${containers.application}`,
    state: "ok",
    detail: "1, each as its name says",
  });
});

test("dead letters are counted", async ({ expect }) => {
  const containers = await newContainers("input");
  await account.getContainerClient("undelivered").createIfNotExists();
  await write("undelivered", "UPLOADS/2026/1/1/0/one.json", "[]");
  await write("undelivered", "UPLOADS/2026/1/1/0/two.json", "[]");

  const found = await lookAtStorage({ containers, isDeployed: true });

  await account.deleteContainer("undelivered");
  expect(found).toContainEqual({
    what: "dead letters",
    state: "warning",
    detail: expect.stringMatching(/^2 in container undelivered, the newest of 20\S+Z: /),
    hint: expect.stringContaining("The sweep converts those uploads"),
  });
});

test.for([
  [0, "ok", "it agrees with that of the storage"],
  [2 * MINUTE_MS, "warning", /^it is \d+ s ahead of that of the storage$/],
  [-2 * MINUTE_MS, "warning", /^it is \d+ s behind that of the storage$/],
  [6 * MINUTE_MS, "wrong", /^it is \d+ s ahead of that of the storage$/],
] as const)("a clock that is off by %d ms is %s", async ([offMs, state, detail], { expect }) => {
  const containers = await newContainers("input");

  expect(await lookAtStorage({ containers, now: () => Date.now() + offMs })).toContainEqual(
    expect.objectContaining({ what: "clock of this machine", state, detail: expect.stringMatching(detail) }),
  );
});

test("a refused key is wrong, a person without a role unknown, and both end the look", async ({ expect }) => {
  const containers = await newContainers("input");
  const credential = new StorageSharedKeyCredential(account.accountName, Buffer.from("wrong").toString("base64"));
  const connect = (): BlobServiceClient => new BlobServiceClient(account.url, credential);

  const refused = await lookAtStorage({ containers, connect });
  expect(refused).toMatchObject([
    { what: "storage", state: "wrong", detail: expect.stringContaining("403"), hint: expect.stringContaining("key") },
    { what: "clock of this machine", state: "ok" },
  ]);
  expect(await lookAtStorage({ containers, connect, isPersons: true })).toMatchObject([
    { what: "storage", state: "unknown", hint: expect.stringContaining("Storage Blob Data Contributor") },
    { what: "clock of this machine" },
  ]);
});

test("a storage that does not answer, and a connection string that is none, are wrong", async ({ expect }) => {
  const containers = await newContainers();
  const port = await listen(createServer((request) => request.socket.destroy()));
  const silent = (): BlobServiceClient =>
    new BlobServiceClient(`http://127.0.0.1:${port}/account`, undefined, { retryOptions: { maxTries: 1 } });

  expect(await lookAtStorage({ containers, connect: silent })).toMatchObject([{ what: "storage", state: "wrong" }]);
  expect(
    await lookAtStorage({ containers, connect: () => BlobServiceClient.fromConnectionString("AccountKey=abc") }),
  ).toEqual([
    {
      what: "storage",
      state: "wrong",
      detail: "the connection string cannot be read",
      hint: expect.any(String),
    },
  ]);
});

test("a deployment in which all is well is looked at from the group to the roles", async ({ expect }) => {
  const containers = await newContainers("input", "output", "staging", "application");
  await account.getContainerClient("undelivered").createIfNotExists();
  const { url } = stack.connection.functions;
  const { endpoint, accountName, accountKey } = stack.connection.batch;
  const { BATCH_NODE_IDENTITY_ID: _, ...settings } = APP_SETTINGS;
  const destination = { properties: { endpointBaseUrl: `${url}/runtime/webhooks/blobs` } };
  const arm = await startStandInArm(
    answersOf({
      ...WELL,
      ...subscription("uploads", "input", { destination }),
      ...subscription("reports", "work", { destination }, "/report.json"),
      [`POST ${SITE}/config/appsettings/list`]: answer({
        properties: {
          ...settings,
          INPUT_CONTAINER: containers.input,
          OUTPUT_CONTAINER: containers.output,
          STAGING_CONTAINER: containers.staging,
          APPLICATION_CONTAINER: containers.application,
        },
      }),
    }),
  );
  const secrets = new Secrets();
  const checks = deploymentChecks({
    arm: connectArm({ url: arm.url, getToken: async () => "a token" }),
    env: { ...AZD_ENV, AZURE_FUNCTION_APP_URL: url },
    secrets,
    connectStorage: () => account,
    connectBatch: (batch) => connectBatch({ ...batch, endpoint, sharedKey: { accountName, key: accountKey } }),
    now: Date.now,
  });

  const found = await examine(checks, { secrets });

  await account.deleteContainer("undelivered");
  expect(found.filter(({ state }) => state !== "ok")).toEqual([]);
  expect(found.map(({ what }) => what)).toEqual([
    "Node.js",
    "azd environment",
    "resource group rg-test",
    "function app func-test",
    "app",
    "settings",
    "identity of the app",
    "storage",
    "clock of this machine",
    "containers",
    `scripts in ${containers.application}`,
    "dead letters",
    "Batch",
    "node image",
    "pool mp3drop",
    "nodes",
    "job mp3drop",
    "quota",
    "VM size standard_d2ds_v5",
    "roles of the app on sttest",
    "roles of the app on batest",
    "roles of the Event Grid topic",
    "event subscription uploads",
    "key of event subscription uploads",
    "event subscription reports",
    "key of event subscription reports",
  ]);
});
