import { BatchServiceClient, BatchSharedKeyCredentials } from "@azure/batch";
import type { HttpClient } from "@azure/ms-rest-js";
import { AzureIdentityCredentialAdapter, DefaultHttpClient } from "@azure/ms-rest-js";
import type { BatchSettings } from "../../config.ts";
import { entraCredential } from "../credential.ts";
import { Gate, gated } from "./gate.ts";

/** Without it, a request that is never answered would hold up its activity forever. */
const REQUEST_TIMEOUT_MS = 30_000;

/**
 * The audience of the Batch service. Left to itself, the client asks for a token for the management plane, which the
 * service refuses: https://learn.microsoft.com/azure/batch/batch-aad-auth#batch-resource-endpoint
 */
const BATCH_SCOPE = "https://batch.core.windows.net/.default";

/** The client's own retries are off: they take minutes, and `retrying` knows better what is worth repeating. */
export function connectBatch({ endpoint, apiVersion, sharedKey, clientId }: BatchSettings): BatchServiceClient {
  const credentials =
    sharedKey === undefined
      ? new AzureIdentityCredentialAdapter(entraCredential(clientId), BATCH_SCOPE)
      : new BatchSharedKeyCredentials(sharedKey.accountName, sharedKey.key);
  const httpClient = gated(withTimeout(), new Gate());
  const client = new BatchServiceClient(credentials, endpoint, { noRetryPolicy: true, httpClient });
  client.apiVersion = apiVersion;
  return client;
}

function withTimeout(): HttpClient {
  const client = new DefaultHttpClient();
  return {
    sendRequest: (request) => {
      request.timeout ||= REQUEST_TIMEOUT_MS;
      return client.sendRequest(request);
    },
  };
}
