import { ROLES } from "../../../src/cli/azure/roles.ts";
import type { Role } from "../../../src/cli/azure/roles.ts";
import type { ArmAnswer, ArmRequest } from "../azure/standInArm.ts";
import { GROUP, armError } from "../azure/standInArm.ts";

export const KEY = "a/key+of==the app";
export const SITE = "/providers/Microsoft.Web/sites/func-test";
export const TOPIC = "/providers/Microsoft.EventGrid/systemTopics/evgt-test";
export const BATCH = "/providers/Microsoft.Batch/batchAccounts/batest";
export const STORAGE = "/providers/Microsoft.Storage/storageAccounts/sttest";
export const NODE_IDENTITY = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-node";
export const SIZES =
  "/subscriptions/5ab5c41b-0000-4000-8000-000000000001/providers/Microsoft.Batch/locations/westeurope/virtualMachineSkus";
const ROLE_ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments";

/** The app's settings as infra/modules/app.bicep makes them; addresses that tests need differ. */
export const APP_SETTINGS = {
  AzureWebJobsStorage__blobServiceUri: "https://sttest.blob.core.windows.net",
  STORAGE__blobServiceUri: "https://sttest.blob.core.windows.net",
  STORAGE__queueServiceUri: "https://sttest.queue.core.windows.net",
  STORAGE__clientId: "app-client",
  AZURE_CLIENT_ID: "app-client",
  BLOB_TRIGGER_SOURCE: "EventGrid",
  BATCH_ACCOUNT_ENDPOINT: "https://batest.westeurope.batch.azure.com",
  BATCH_NODE_IDENTITY_ID: `${GROUP}${NODE_IDENTITY}`,
};

export type Answers = Readonly<Record<string, ArmAnswer>>;

/** Azure Resource Manager as it answers for a deployment in which all is well. */
export const WELL: Answers = {
  "GET ": answer({ name: "rg-test" }),
  [`GET ${SITE}`]: answer({
    identity: { userAssignedIdentities: { "id-app": { clientId: "app-client", principalId: "app-principal" } } },
    properties: { state: "Running" },
  }),
  [`POST ${SITE}/config/appsettings/list`]: answer({ properties: APP_SETTINGS }),
  [`POST ${SITE}/host/default/listkeys`]: answer({ systemKeys: { blobs_extension: KEY } }),
  [`GET ${TOPIC}`]: answer({ identity: { principalId: "topic-principal" } }),
  ...subscription("uploads", "input"),
  ...subscription("reports", "work", {}, "/report.json"),
  [`POST ${TOPIC}/eventSubscriptions/uploads/getFullUrl`]: fullUrl("convertOnUpload", KEY),
  [`POST ${TOPIC}/eventSubscriptions/reports/getFullUrl`]: fullUrl("wakeOnReport", KEY),
  [`GET ${BATCH}`]: answer({ location: "westeurope", properties: { lowPriorityCoreQuota: 100 } }),
  [`GET ${SIZES}`]: sizes({ name: "Standard_D2ds_v5" }),
  [`GET ${NODE_IDENTITY}`]: answer({ properties: { principalId: "node-principal" } }),
  ...assignments(STORAGE, "app-principal", [
    [ROLES.storageBlobDataOwner, STORAGE],
    [ROLES.storageQueueDataContributor, STORAGE],
    [ROLES.storageTableDataContributor, ""],
  ]),
  ...assignments(BATCH, "app-principal", [[ROLES.azureBatchDataContributor, BATCH]]),
  ...assignments(STORAGE, "node-principal", [
    [ROLES.storageBlobDataReader, container("input")],
    [ROLES.storageBlobDataReader, container("application")],
    [ROLES.storageBlobDataContributor, container("work")],
  ]),
  ...assignments(STORAGE, "topic-principal", [[ROLES.storageBlobDataContributor, container("undelivered")]]),
};

/** Answers by method, path and filter. */
export function answersOf(answers: Answers): (request: ArmRequest) => ArmAnswer {
  return ({ method, path, filter }) =>
    answers[`${method} ${path}${filter === null ? "" : ` ${filter}`}`] ?? armError(404, "NotFound", `no ${path}`);
}

export function answer(body: object): ArmAnswer {
  return { status: 200, body };
}

/** The properties of a subscription, with some of them changed. */
export function subscription(name: string, ofContainer: string, changed: object = {}, subjectEndsWith = ""): Answers {
  const properties = {
    provisioningState: "Succeeded",
    destination: {
      endpointType: "WebHook",
      properties: { endpointBaseUrl: "https://func-test.azurewebsites.net/runtime/webhooks/blobs", endpointUrl: null },
    },
    filter: {
      includedEventTypes: ["Microsoft.Storage.BlobCreated"],
      subjectBeginsWith: `/blobServices/default/containers/${ofContainer}/`,
      subjectEndsWith,
    },
    deadLetterWithResourceIdentity: {
      deadLetterDestination: { properties: { blobContainerName: "undelivered" } },
    },
    ...changed,
  };
  return { [`GET ${TOPIC}/eventSubscriptions/${name}`]: answer({ properties }) };
}

export function fullUrl(functionName: string, key: string): ArmAnswer {
  const parameters = new URLSearchParams({ functionName: `Host.Functions.${functionName}`, code: key });
  return answer({ endpointUrl: `https://func-test.azurewebsites.net/runtime/webhooks/blobs?${parameters}` });
}

export function sizes(...value: readonly object[]): ArmAnswer {
  return answer({ value });
}

export function container(name: string): string {
  return `${STORAGE}/blobServices/default/containers/${name}`;
}

/** The roles of a principal at, above and below a resource; the scope is below the resource group. */
export function assignments(resource: string, principal: string, roles: readonly (readonly [Role, string])[]): Answers {
  const value = roles.map(([role, scope]) => ({
    properties: {
      roleDefinitionId: `/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/${role.id}`,
      scope: `${GROUP}${scope}`,
    },
  }));
  return { [`GET ${resource}${ROLE_ASSIGNMENTS} principalId eq '${principal}'`]: answer({ value }) };
}
