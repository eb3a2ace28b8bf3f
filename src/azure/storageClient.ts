import type { RequestPolicyFactory } from "@azure/storage-blob";
import { BlobServiceClient, newPipeline } from "@azure/storage-blob";
import type { StorageSettings } from "../config.ts";
import { entraCredential } from "./credential.ts";

/**
 * For a request with all its repetitions and its answer, as far as the client reads that itself. The activities make
 * some ten requests one after the other, the first that fails ends them, and they may last five minutes.
 */
const TIMEOUT_MS = 30_000;

/** Uses the connection string if there is one (it wins, as in the Functions host), or else signs in with Entra ID. */
export function connectStorage(
  { connectionString, blobServiceUri, clientId }: StorageSettings,
  { timeoutMs = TIMEOUT_MS } = {},
): BlobServiceClient {
  const account = connect(connectionString, blobServiceUri, clientId);
  const pipeline = newPipeline(account.credential);
  pipeline.factories.push(timeoutPolicy(timeoutMs));
  return new BlobServiceClient(account.url, pipeline);
}

function connect(
  connectionString: string | undefined,
  blobServiceUri: string | undefined,
  clientId: string | undefined,
): BlobServiceClient {
  if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
  if (blobServiceUri === undefined) throw new TypeError("readConfig makes sure that one of them is set");
  return new BlobServiceClient(blobServiceUri, entraCredential(clientId));
}

/**
 * The client's own `tryTimeoutInMs` only asks the service to be quick, and waits for a silent one forever. The signal
 * also ends an answer that breaks off in its middle.
 */
function timeoutPolicy(timeoutMs: number): RequestPolicyFactory {
  return {
    create: (next) => ({
      sendRequest: async (request) => {
        const timeout = AbortSignal.timeout(timeoutMs);
        request.abortSignal = timeout;
        try {
          return await next.sendRequest(request);
        } catch (error) {
          throw timeout.aborted ? timeout.reason : error;
        }
      },
    }),
  };
}
