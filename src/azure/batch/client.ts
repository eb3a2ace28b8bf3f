import { createRequire } from "node:module";
import type * as azureBatch from "@azure/batch";
import type { TokenCredential } from "@azure/identity";
import type * as restClient from "@azure/ms-rest-js";
import type { BatchSettings } from "../../batchSettings.ts";
import { entraCredential } from "../credential.ts";
import { Gate, gated } from "./gate.ts";

/**
 * Loaded as what they are. Imported, their megabytes of CommonJS would first be searched for the names that they export,
 * which adds a tenth of a second to every cold start.
 */
const load = createRequire(import.meta.url);
const { BatchServiceClient, BatchSharedKeyCredentials } = load("@azure/batch") as typeof azureBatch;
const { AzureIdentityCredentialAdapter, DefaultHttpClient } = load("@azure/ms-rest-js") as typeof restClient;

/** Without it, a request that is never answered would hold up its activity forever. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The audience of the Batch service in each cloud, by the end of the account's address. Left to itself, the client asks for
 * a token for the management plane, which the service refuses:
 * https://learn.microsoft.com/azure/batch/batch-aad-auth#batch-resource-endpoint
 */
const AUDIENCES: readonly (readonly [RegExp, string])[] = [
  [/\.chinacloudapi\.cn$/, "https://batch.chinacloudapi.cn"],
  [/\.usgovcloudapi\.net$/, "https://batch.core.usgovcloudapi.net"],
  [/$/, "https://batch.core.windows.net"],
];

/**
 * With the shared key if there is one, or else with the credential. The client's own retries are off: they take minutes, and `retrying`
 * knows better what is worth repeating.
 */
export function connectBatch(
  { endpoint, apiVersion, sharedKey, clientId }: BatchSettings,
  credential: TokenCredential = entraCredential(clientId),
): azureBatch.BatchServiceClient {
  const credentials =
    sharedKey === undefined
      ? new AzureIdentityCredentialAdapter(credential, batchScope(endpoint))
      : new BatchSharedKeyCredentials(sharedKey.accountName, sharedKey.key);
  const httpClient = gated(withTimeout(), new Gate());
  const client = new BatchServiceClient(credentials, endpoint, { noRetryPolicy: true, httpClient });
  client.apiVersion = apiVersion;
  return client;
}

function withTimeout(): restClient.HttpClient {
  const client = new DefaultHttpClient();
  return {
    sendRequest: (request) => {
      request.timeout ||= REQUEST_TIMEOUT_MS;
      return client.sendRequest(request);
    },
  };
}

/** What a token for the account at this address must be for. */
export function batchScope(endpoint: string): string {
  const { hostname } = new URL(endpoint);
  const audience = AUDIENCES.find(([end]) => end.test(hostname))?.[1];
  return `${audience}/.default`;
}
