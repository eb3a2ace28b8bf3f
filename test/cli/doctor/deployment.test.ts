import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { BlobServiceClient } from "@azure/storage-blob";
import { test } from "vitest";
import { connectBatch } from "../../../src/azure/batch/client.ts";
import { connectArm } from "../../../src/cli/azure/arm.ts";
import { readDeployment } from "../../../src/cli/azure/deployment.ts";
import { ROLES } from "../../../src/cli/azure/roles.ts";
import { accessChecks } from "../../../src/cli/doctor/deployment/access.ts";
import { capacityChecks } from "../../../src/cli/doctor/deployment/capacity.ts";
import { deploymentChecks } from "../../../src/cli/doctor/deployment/checks.ts";
import { checkIdentity, checkSite } from "../../../src/cli/doctor/deployment/site.ts";
import { subscriptionChecks } from "../../../src/cli/doctor/deployment/subscriptions.ts";
import type { DeploymentView } from "../../../src/cli/doctor/deployment/view.ts";
import type { Check } from "../../../src/cli/doctor/examine.ts";
import { examine } from "../../../src/cli/doctor/examine.ts";
import type { Finding } from "../../../src/cli/doctor/finding.ts";
import { checkAnswer } from "../../../src/cli/doctor/functionApp.ts";
import { Secrets } from "../../../src/cli/doctor/secrets.ts";
import { readConfig } from "../../../src/config.ts";
import { UserError } from "../../../src/local/kit/userError.ts";
import { listen } from "../../azure/standInAzure.ts";
import { AZD_ENV, armError, startStandInArm } from "../azure/standInArm.ts";
import type { Answers } from "./standInDeployment.ts";
import {
  APP_SETTINGS,
  BATCH,
  KEY,
  NODE_IDENTITY,
  SITE,
  SIZES,
  STORAGE,
  TOPIC,
  WELL,
  answer,
  answersOf,
  assignments,
  container,
  fullUrl,
  sizes,
  subscription,
} from "./standInDeployment.ts";

const CONFIG = readConfig(APP_SETTINGS);
const NOW = Date.UTC(2026, 0, 1);

async function viewOf(answers: Answers, env: Readonly<Record<string, string>> = {}): Promise<DeploymentView> {
  const arm = await startStandInArm(answersOf({ ...WELL, ...answers }));
  const values = { ...AZD_ENV, ...env };
  return {
    arm: connectArm({ url: arm.url, getToken: async () => "a token", pause: async () => {} }),
    env: values,
    deployment: readDeployment(values),
    secrets: new Secrets(),
    connectStorage: () => BlobServiceClient.fromConnectionString("nonsense"),
    // Nobody listens there.
    connectBatch: (batch) =>
      connectBatch({ ...batch, endpoint: "http://127.0.0.1:1", sharedKey: { accountName: "batest", key: "a2V5" } }),
    now: () => NOW,
  };
}

/** What is not well, when some answers differ from those of a deployment in which all is well. */
async function troubleOf(
  checksOf: (view: DeploymentView) => readonly Check[],
  answers: Answers = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Finding[]> {
  const view = await viewOf(answers, env);
  const found = await examine(checksOf(view), view);
  return found.filter(({ state }) => state !== "ok");
}

const capacity = (view: DeploymentView) => capacityChecks(view, APP_SETTINGS);
const access = (view: DeploymentView) => accessChecks(view, CONFIG, "app-principal");

test("nothing is wrong with events, roles, quota and VM size where all is well", async ({ expect }) => {
  for (const checksOf of [subscriptionChecks, access, capacity]) expect(await troubleOf(checksOf)).toEqual([]);
});

test("without a sign-in, that is the only finding of a deployment", async ({ expect }) => {
  const notSignedIn = new UserError("NotSignedIn", "Azure gave no token", { hint: "Sign in with `azd auth login`." });
  const view = { ...(await viewOf({})), arm: connectArm({ getToken: () => Promise.reject(notSignedIn) }) };

  const found = await examine(deploymentChecks(view), view);

  expect(found.filter(({ state }) => state !== "ok")).toEqual([
    {
      what: "sign-in",
      state: "wrong",
      detail: "Azure gave no token",
      hint: "Sign in with `azd auth login`.",
    },
  ]);
});

test("outputs that azd lacks are named, and a group that is gone or forbidden", async ({ expect }) => {
  const lacking = { ...(await viewOf({})), env: { ...AZD_ENV, BATCH_MAX_NODES: "" } };
  expect(await troubleOf(() => deploymentChecks(lacking))).toMatchObject([
    { what: "azd environment", state: "wrong", detail: "The azd environment lacks BATCH_MAX_NODES" },
  ]);
  const gone = armError(404, "ResourceGroupNotFound", "Resource group 'rg-test' could not be found.");
  expect(await troubleOf(deploymentChecks, { "GET ": gone })).toMatchObject([
    { what: "resource group rg-test", state: "wrong", hint: expect.stringContaining("azd provision") },
  ]);
  const forbidden = armError(403, "AuthorizationFailed", "The client does not have authorization");
  expect(await troubleOf(deploymentChecks, { "GET ": forbidden })).toMatchObject([
    { what: "resource group rg-test", state: "unknown", hint: expect.stringContaining("Ask for the role") },
  ]);
});

test("where the app and its settings may not be looked at, azd's own variables lead on", async ({ expect }) => {
  const forbidden = armError(403, "AuthorizationFailed", "The client does not have authorization");
  const env = {
    BATCH_ACCOUNT_ENDPOINT: "https://batest.westeurope.batch.azure.com",
    STORAGE__blobServiceUri: "https://sttest.blob.core.windows.net",
  };

  const found = await troubleOf(
    deploymentChecks,
    { [`GET ${SITE}`]: forbidden, [`POST ${SITE}/config/appsettings/list`]: forbidden },
    env,
  );

  expect(found.map(({ what, state }) => `${what}: ${state}`)).toEqual([
    "function app func-test: unknown",
    "settings: unknown",
    "storage: wrong",
    "Batch: wrong",
    "roles of the app: unknown",
  ]);
});

test("settings without an address of storage and Batch leave those unknown", async ({ expect }) => {
  const found = await troubleOf(deploymentChecks, {
    [`POST ${SITE}/config/appsettings/list`]: answer({ properties: { AzureWebJobsStorage: "x" } }),
  });

  expect(found.map(({ what, state, detail }) => `${state} ${what}: ${detail}`)).toEqual(
    expect.arrayContaining([
      expect.stringContaining("wrong settings: STORAGE is not set"),
      "wrong settings: BATCH_ACCOUNT_ENDPOINT is not set",
      "unknown storage and Batch: the settings that say where they are are missing or wrong",
    ]),
  );
});

test("an app that is stopped, or has another identity than its settings say, is wrong", ({ expect }) => {
  expect(checkSite({ properties: { state: "Stopped" } }, readDeployment(AZD_ENV))).toMatchObject({
    state: "wrong",
    detail: "it is Stopped",
  });
  const site = {
    identity: { userAssignedIdentities: { one: { clientId: "other", principalId: "p" } } },
    properties: {},
  };
  expect(checkIdentity(site, APP_SETTINGS)).toMatchObject({
    state: "wrong",
    detail: "the app does not have the identity app-client",
  });
  expect(checkIdentity(site, {})).toMatchObject({
    state: "wrong",
    detail: "AZURE_CLIENT_ID and STORAGE__clientId are not set",
  });
});

test.for([
  [401, "text/plain", "ok"],
  [404, "application/problem+json", "ok"],
  [404, "text/html", "wrong"],
  [403, "text/html", "wrong"],
  [503, "text/html", "wrong"],
] as const)("an app that answers %d with %s is %s", async ([status, type, state], { expect }) => {
  const server = createServer((_, response) => response.writeHead(status, { "content-type": type }).end());
  const url = `http://127.0.0.1:${await listen(server)}`;

  expect(await checkAnswer(url)).toMatchObject([{ what: "app", state }]);
});

const UPLOADS = `${TOPIC}/eventSubscriptions/uploads`;

test.for<readonly [string, Answers, string]>([
  ["is missing", { [`GET ${UPLOADS}`]: armError(404, "ResourceNotFound", "none") }, "it does not exist"],
  [
    "has failed",
    subscription("uploads", "input", { provisioningState: "Failed" }),
    "its state is Failed, not Succeeded",
  ],
  [
    "sends to another app",
    subscription("uploads", "input", { destination: { properties: { endpointBaseUrl: "https://b.net/x" } } }),
    "it sends to https://b.net/x, not https://func-test.azurewebsites.net/runtime/webhooks/blobs",
  ],
  [
    "is of other subjects",
    subscription("uploads", "input2"),
    "its subjects begin with /blobServices/default/containers/input2/, not /blobServices/default/containers/input/",
  ],
  ["is of the ends of names", subscription("uploads", "input", {}, ".mp4"), "its subjects end with .mp4, not nothing"],
  [
    "is of other events",
    subscription("uploads", "input", {
      filter: {
        includedEventTypes: ["Microsoft.Storage.BlobDeleted"],
        subjectBeginsWith: "/blobServices/default/containers/input/",
      },
    }),
    "it is not of Microsoft.Storage.BlobCreated",
  ],
  [
    "has no dead letters",
    subscription("uploads", "input", { deadLetterWithResourceIdentity: null }),
    "its dead letters go to nothing, not undelivered",
  ],
])("an event subscription that %s is wrong", async ([, answers, detail], { expect }) => {
  expect(await troubleOf(subscriptionChecks, answers)).toEqual([
    {
      what: "event subscription uploads",
      state: "wrong",
      detail,
      hint: expect.stringContaining("azd hooks run postdeploy"),
    },
  ]);
});

test("a subscription with an old key, or for another function, is wrong, and no key is shown", async ({ expect }) => {
  const found = await troubleOf(subscriptionChecks, {
    [`POST ${UPLOADS}/getFullUrl`]: fullUrl("wakeOnReport", "an old key of the app"),
  });

  expect(found.map(({ what, state, detail }) => [what, state, detail])).toEqual([
    ["key of event subscription uploads", "wrong", "it is not that of the app, which so refuses the events"],
    [
      "key of event subscription uploads",
      "wrong",
      "it is for Host.Functions.wakeOnReport, not Host.Functions.convertOnUpload",
    ],
  ]);
  expect(JSON.stringify(found)).not.toMatch(/old key|a\/key/);
});

test("a key that a service quotes is hidden", async ({ expect }) => {
  const quoted = armError(400, "InvalidRequest", `The address ?code=${encodeURIComponent(KEY)} is bad, ${KEY}`);

  expect(await troubleOf(subscriptionChecks, { [`POST ${UPLOADS}/getFullUrl`]: quoted })).toMatchObject([
    { state: "wrong", detail: "The address ?code=*** is bad, ***" },
  ]);
});

test("an app without a key for blob events is wrong, for each subscription", async ({ expect }) => {
  const found = await troubleOf(subscriptionChecks, {
    [`POST ${SITE}/host/default/listkeys`]: answer({ systemKeys: {} }),
  });

  expect(found.map(({ detail }) => detail)).toEqual([
    "the app has no key for blob events",
    "the app has no key for blob events",
  ]);
});

test("who may not list the app's keys does not learn whether they fit", async ({ expect }) => {
  const refused = armError(403, "AuthorizationFailed", "The client does not have authorization");

  expect(await troubleOf(subscriptionChecks, { [`POST ${SITE}/host/default/listkeys`]: refused })).toMatchObject([
    { state: "unknown" },
    { state: "unknown" },
  ]);
});

test("each role that somebody lacks is named, and one from above counts", async ({ expect }) => {
  const found = await troubleOf(access, {
    ...assignments(STORAGE, "app-principal", [
      [ROLES.storageBlobDataOwner, ""],
      [ROLES.storageQueueDataContributor, "/providers/Microsoft.Storage/storageAccounts/sttest2"],
    ]),
    ...assignments(BATCH, "app-principal", []),
    ...assignments(STORAGE, "node-principal", [
      [ROLES.storageBlobDataReader, STORAGE],
      [ROLES.storageBlobDataContributor, container("work2")],
    ]),
    ...assignments(STORAGE, "topic-principal", []),
  });

  expect(found.map(({ what, state, detail }) => `${state} ${what}: ${detail}`)).toEqual([
    "wrong roles of the app on sttest: Storage Queue Data Contributor on sttest is missing",
    "wrong roles of the app on sttest: Storage Table Data Contributor on sttest is missing",
    "wrong roles of the app on batest: Azure Batch Data Contributor on batest is missing",
    "wrong roles of the nodes: Storage Blob Data Contributor on container work is missing",
    "wrong roles of the Event Grid topic: Storage Blob Data Contributor on container undelivered is missing",
  ]);
});

test("an identity of the nodes that is gone, and a topic without one, are wrong", async ({ expect }) => {
  const found = await troubleOf(access, {
    [`GET ${NODE_IDENTITY}`]: armError(404, "ResourceNotFound", "none"),
    [`GET ${TOPIC}`]: answer({}),
  });

  expect(found).toMatchObject([
    { state: "wrong", detail: expect.stringContaining("the identity of the nodes does not exist: /subscriptions/") },
    { state: "wrong", detail: "the Event Grid topic has no identity" },
  ]);
});

test("the roles are those that the template gives", ({ expect }) => {
  const template = readFileSync("infra/modules/access.bicep", "utf8");

  for (const [name, { id }] of Object.entries(ROLES)) expect(template).toContain(`${name}: '${id}'`);
});

test.for([
  [0, "wrong", "0 Spot/low-priority cores of 8: nothing can be converted on such nodes"],
  [4, "warning", "4 Spot/low-priority cores of 8: the pool stays smaller than it may be"],
] as const)("a quota of %d cores is %s", async ([lowPriorityCoreQuota, state, detail], { expect }) => {
  const account = answer({ location: "westeurope", properties: { lowPriorityCoreQuota } });

  expect(await troubleOf(capacity, { [`GET ${BATCH}`]: account })).toMatchObject([
    { what: "quota", state, detail, hint: expect.stringContaining("Request 8 in the portal") },
  ]);
});

const capabilities = (values: Record<string, string>) =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

test.for<readonly [string, string, object | undefined, string, string]>([
  ["is not offered", "standard_d2ds_v5", undefined, "wrong", "Batch does not offer it in westeurope"],
  [
    "has no temporary disk",
    "standard_d2s_v5",
    { capabilities: capabilities({ MaxResourceVolumeMB: "0" }) },
    "warning",
    "it has no temporary disk",
  ],
  [
    "has a disk of unknown size",
    "standard_f2s",
    { capabilities: capabilities({ MaxResourceVolumeMB: "8192" }) },
    "warning",
    "the size of its disk is not known here",
  ],
  [
    "is not to be had as spot",
    "standard_d2ds_v5",
    { capabilities: capabilities({ LowPriorityCapable: "False" }) },
    "wrong",
    "it is not to be had as spot nodes",
  ],
  [
    "is supported for some weeks",
    "standard_d2ds_v5",
    { batchSupportEndOfLife: "2026-03-01T00:00:00Z" },
    "warning",
    "its support by Batch ends on 2026-03-01",
  ],
  [
    "is not supported any more",
    "standard_d2ds_v5",
    { batchSupportEndOfLife: "2025-03-01T00:00:00Z" },
    "wrong",
    "its support by Batch ended on 2025-03-01",
  ],
])("a VM size that %s", async ([, name, size, state, detail], { expect }) => {
  const offered = size === undefined ? sizes({ name: "standard_a1" }) : sizes({ name, ...size });

  expect(await troubleOf(capacity, { [`GET ${SIZES}`]: offered }, { BATCH_VM_SIZE: name })).toMatchObject([
    { what: `VM size ${name}`, state, detail: expect.stringContaining(detail), hint: expect.any(String) },
  ]);
});

test("all pages of a list are read, and the token goes to nobody else", async ({ expect }) => {
  let url = "";
  const arm = await startStandInArm(({ path }) =>
    path === "/first"
      ? answer({ value: [1], nextLink: `${url}/second` })
      : answer({ value: [2], nextLink: "https://example.com/third" }),
  );
  url = arm.url;

  const client = connectArm({ url, getToken: async () => "a token" });

  expect(await client.list("/first", "2025-01-01")).toEqual([1, 2]);
});
