import { expect, test } from "vitest";
import { connectArm } from "../../../src/cli/azure/arm.ts";
import { finishDeployment } from "../../../src/cli/azure/postdeploy.ts";
import type { ArmAnswer, ArmRequest, StandInArm } from "./standInArm.ts";
import { AZD_ENV, GROUP, armError, startStandInArm } from "./standInArm.ts";

const KEY = "a/key+of==the app";
const KEYS = "/providers/Microsoft.Web/sites/func-test/host/default/listkeys";
const UPLOADS = "/providers/Microsoft.EventGrid/systemTopics/evgt-test/eventSubscriptions/uploads";
const REPORTS = "/providers/Microsoft.EventGrid/systemTopics/evgt-test/eventSubscriptions/reports";
const BATCH = "/providers/Microsoft.Batch/batchAccounts/batest";

/** Azure as it is when all is well: a key, subscriptions that are in force at once, and enough quota. */
const WELL: Readonly<Record<string, ArmAnswer>> = {
  [`POST ${KEYS}`]: { status: 200, body: { systemKeys: { blobs_extension: KEY } } },
  [`PUT ${UPLOADS}`]: { status: 201, body: { properties: { provisioningState: "Creating" } } },
  [`GET ${UPLOADS}`]: { status: 200, body: { properties: { provisioningState: "Succeeded" } } },
  [`DELETE ${UPLOADS}`]: { status: 202 },
  [`PUT ${REPORTS}`]: { status: 201, body: { properties: { provisioningState: "Creating" } } },
  [`GET ${REPORTS}`]: { status: 200, body: { properties: { provisioningState: "Succeeded" } } },
  [`GET ${BATCH}`]: { status: 200, body: { properties: { lowPriorityCoreQuota: 100 } } },
};

interface Deployed {
  readonly arm: StandInArm;
  /** What a person reads. */
  readonly said: string;
  readonly waitedMs: number;
  readonly wakes: number;
  readonly error: unknown;
}

/** Runs the hook on a clock that moves while it waits; `script` has the first answers to a request, before the usual one. */
async function deploy(
  script: Readonly<Record<string, readonly ArmAnswer[]>> = {},
  env: Readonly<Record<string, string>> = AZD_ENV,
): Promise<Deployed> {
  const left = new Map(Object.entries(script).map(([request, answers]) => [request, [...answers]]));
  const answer = ({ method, path }: ArmRequest): ArmAnswer =>
    left.get(`${method} ${path}`)?.shift() ?? WELL[`${method} ${path}`] ?? armError(404, "NotFound", path);
  const arm = await startStandInArm(answer);
  const lines: string[] = [];
  let [waitedMs, wakes] = [0, 0];
  const pause = async (ms: number): Promise<void> => void (waitedMs += ms);
  const error = await finishDeployment(env, {
    arm: connectArm({ url: arm.url, getToken: async () => "a token", pause }),
    pause,
    now: () => waitedMs,
    say: (line) => lines.push(line),
    wake: async () => void wakes++,
  }).catch((thrown: unknown) => thrown);
  return { arm, said: lines.join("\n"), waitedMs, wakes, error };
}

function times(count: number, answer: ArmAnswer): ArmAnswer[] {
  return Array.from({ length: count }, () => answer);
}

test("a deployment ends with both subscriptions in force, the quota, and how to upload", async () => {
  const { arm, said, error, waitedMs, wakes } = await deploy();

  expect(error).toBeUndefined();
  expect(said.split("\n")).toEqual([
    "Container input tells convertOnUpload of new blobs.",
    "Container work tells wakeOnReport of new blobs.",
    "Quota: 100 Spot/low-priority cores, enough for the 8 of a full pool.",
    "The app is at https://func-test.azurewebsites.net. It takes MP4s from the container input of sttest:",
    "  az storage blob upload --auth-mode login --account-name sttest -c input -f video.mp4",
  ]);
  expect({ waitedMs, wakes }).toEqual({ waitedMs: 0, wakes: 1 });
  expect(arm.requests.every(({ authorization }) => authorization === "Bearer a token")).toBe(true);
});

test("a subscription is of committed blobs in one container, with retries and a place for what cannot be delivered", async () => {
  const { arm } = await deploy();
  const put = arm.requests.find(({ method, path }) => method === "PUT" && path === UPLOADS);

  expect(put).toMatchObject({
    apiVersion: "2025-02-15",
    body: {
      properties: {
        eventDeliverySchema: "EventGridSchema",
        destination: {
          endpointType: "WebHook",
          properties: {
            endpointUrl:
              "https://func-test.azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions.convertOnUpload&code=a%2Fkey%2Bof%3D%3Dthe+app",
          },
        },
        filter: {
          includedEventTypes: ["Microsoft.Storage.BlobCreated"],
          subjectBeginsWith: "/blobServices/default/containers/input/",
          advancedFilters: [
            {
              operatorType: "StringIn",
              key: "data.api",
              values: ["CopyBlob", "PutBlob", "PutBlockList", "FlushWithClose"],
            },
          ],
        },
        retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 },
        deadLetterWithResourceIdentity: {
          identity: { type: "SystemAssigned" },
          deadLetterDestination: {
            endpointType: "StorageBlob",
            properties: {
              resourceId: `${GROUP}/providers/Microsoft.Storage/storageAccounts/sttest`,
              blobContainerName: "undelivered",
            },
          },
        },
      },
    },
  });
});

test("of what tasks leave, only reports are told of", async () => {
  const { arm } = await deploy();
  const bodies = arm.requests.filter(({ method }) => method === "PUT").map(({ body }) => body);

  expect(bodies).toMatchObject([
    { properties: { filter: { subjectBeginsWith: "/blobServices/default/containers/input/" } } },
    {
      properties: {
        filter: { subjectBeginsWith: "/blobServices/default/containers/work/", subjectEndsWith: "/report.json" },
      },
    },
  ]);
  expect(JSON.stringify(bodies[0])).not.toContain("subjectEndsWith");
});

test("an app that has not started, and a role that is not in force, are waited for", async () => {
  const refused = armError(403, "AuthorizationFailed", "The client does not have authorization");
  const { error, said, wakes } = await deploy({
    [`POST ${KEYS}`]: [...times(8, refused), ...times(3, { status: 200, body: { systemKeys: {} } })],
  });

  expect(error).toBeUndefined();
  expect(wakes).toBe(12);
  expect(said).toContain("Waiting for func-test (AuthorizationFailed: The client does not have authorization) …");
  expect(said).toContain("Waiting for func-test (it has not registered its functions yet) …");
});

test("an app without a key after ten minutes is told with what to do", async () => {
  const { error, waitedMs } = await deploy({ [`POST ${KEYS}`]: times(100, { status: 200, body: {} }) });

  expect(error).toMatchObject({
    name: "UserError",
    code: "NoAppKey",
    message: "func-test has no key for blob events: it has not registered its functions yet",
    hint: expect.stringContaining("azd hooks run postdeploy"),
  });
  expect(waitedMs).toBe(600_000);
});

test("a handshake that fails is repeated with a new subscription, because the service never asks again", async () => {
  const { arm, error, said } = await deploy({
    [`GET ${UPLOADS}`]: [
      { status: 200, body: { properties: { provisioningState: "Creating" } } },
      { status: 200, body: { properties: { provisioningState: "Failed" } } },
    ],
  });

  expect(error).toBeUndefined();
  const requests = arm.requests.filter(({ path }) => path === UPLOADS).map(({ method }) => method);
  expect(requests).toEqual(["PUT", "GET", "GET", "DELETE", "PUT", "GET"]);
  expect(said).toContain("Event subscription uploads is not in force yet (it is Failed: the app did not answer the");
});

test("a refused address is tried again, and its key is not shown", async () => {
  const message = `Webhook validation handshake failed for https://func-test.azurewebsites.net/x?code=${encodeURIComponent(KEY)}`;
  const { error, said } = await deploy({ [`PUT ${UPLOADS}`]: times(2, armError(400, "Url validation", message)) });

  expect(error).toBeUndefined();
  expect(said).toContain("Url validation: Webhook validation handshake failed for");
  expect(said).toContain("code=***");
  expect(said).not.toContain(encodeURIComponent(KEY));
});

test("a key is not shown however the service encodes it", async () => {
  const key = "PlainLetters_of-theKey==";
  const message = `No answer from https://func-test.azurewebsites.net/x?code=${key.replaceAll("=", "%3d")}`;
  const { error, said } = await deploy({
    [`POST ${KEYS}`]: [{ status: 200, body: { systemKeys: { blobs_extension: key } } }],
    [`PUT ${UPLOADS}`]: [armError(400, "Url validation", message)],
  });

  expect(error).toBeUndefined();
  expect(said).toContain("code=***");
  expect(said).not.toContain("PlainLetters");
});

test("a subscription that never comes into force is an error that says what still works", async () => {
  const { error } = await deploy({
    [`GET ${UPLOADS}`]: times(100, {
      status: 200,
      body: { properties: { provisioningState: "AwaitingManualAction" } },
    }),
  });

  expect(error).toMatchObject({
    code: "NotSubscribed",
    message: expect.stringContaining("uploads is not in force: it is AwaitingManualAction"),
    hint: expect.stringContaining("only the sweep finds uploads"),
  });
});

test("who lacks a role on the topic is told at once", async () => {
  const refused = armError(403, "AuthorizationFailed", "The client does not have authorization");
  const { error, waitedMs } = await deploy({ [`PUT ${UPLOADS}`]: [refused] });

  expect(error).toMatchObject({
    name: "UserError",
    code: "AuthorizationFailed",
    hint: expect.stringContaining("Owner, or Contributor"),
  });
  expect(waitedMs).toBe(0);
});

test("a refusal for too many requests is waited out as long as the service asks", async () => {
  const { error, waitedMs } = await deploy({
    [`PUT ${UPLOADS}`]: [{ status: 429, headers: { "retry-after": "17" }, body: {} }],
  });

  expect(error).toBeUndefined();
  expect(waitedMs).toBe(17_000);
});

test("a connection that breaks is tried again, and named when it never holds", async () => {
  const passing = await deploy({ [`POST ${KEYS}`]: [{ status: 0 }], [`PUT ${UPLOADS}`]: times(6, { status: 0 }) });
  const lasting = await deploy({ [`PUT ${UPLOADS}`]: times(1_000, { status: 0 }) });
  const { url } = await startStandInArm(() => ({ status: 0 }));
  const arm = connectArm({ url, getToken: async () => "a token", pause: async () => {} });

  expect(passing.error).toBeUndefined();
  expect(passing.said).toContain("uploads is not in force yet (NoAnswer: Azure Resource Manager gave no answer");
  expect(lasting.error).toMatchObject({ code: "NotSubscribed", message: expect.stringContaining("NoAnswer: Azure") });
  await expect(arm.request("GET", BATCH, "2025-06-01")).rejects.toMatchObject({
    name: "UserError",
    code: "NoAnswer",
    hint: expect.stringContaining("reach"),
  });
});

test("no quota is told with what to request", async () => {
  const none = { status: 200, body: { properties: { lowPriorityCoreQuota: 0 } } };
  const { error, said } = await deploy({ [`GET ${BATCH}`]: [none] });

  expect(error).toBeUndefined();
  expect(said).toContain(
    "Quota: 0 Spot/low-priority cores of 8, so nothing can be converted. Request 8 in the portal: Batch account batest, Quotas, Request quota increase.",
  );
});

test("dedicated nodes count against the quota of their family where that is in force", async () => {
  const properties = {
    lowPriorityCoreQuota: 100,
    dedicatedCoreQuota: 50,
    dedicatedCoreQuotaPerVMFamilyEnforced: true,
    dedicatedCoreQuotaPerVMFamily: [{ name: "standardDDSv5Family", coreQuota: 2 }],
  };
  const { said } = await deploy(
    { [`GET ${BATCH}`]: [{ status: 200, body: { properties } }] },
    { ...AZD_ENV, BATCH_DEDICATED_PERCENT: "50" },
  );

  expect(said).toContain("Quota: 100 Spot/low-priority cores, enough for the 4 of a full pool.");
  expect(said).toContain("Quota: 2 dedicated cores of standardDDSv5Family of 4, so the pool stays smaller");
});

test("the quota that is needed is that of the nodes which the pool may really have", async () => {
  const { said } = await deploy({}, { ...AZD_ENV, BATCH_DEDICATED_PERCENT: "30" });

  expect(said).toContain("enough for the 6 of a full pool");
  expect(said).toContain("Quota: 0 dedicated cores of 2,");
});

test("a quota that may not be looked at is told, and keeps no deployment from its end", async () => {
  const refused = armError(403, "AuthorizationFailed", "You may not look");
  const { error, said } = await deploy({ [`GET ${BATCH}`]: [refused] });

  expect(error).toBeUndefined();
  expect(said).toContain("Quota: not known (AuthorizationFailed: You may not look)");
  expect(said).toContain("The app is at https://func-test.azurewebsites.net.");
});

test("without a provisioned environment it says what is missing", async () => {
  const { error } = await deploy({}, { ...AZD_ENV, AZURE_FUNCTION_APP_NAME: "", BATCH_MAX_NODES: " " });

  expect(error).toMatchObject({
    code: "NotProvisioned",
    message: "The azd environment lacks AZURE_FUNCTION_APP_NAME, BATCH_MAX_NODES",
  });
});
