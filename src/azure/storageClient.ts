import { BlobServiceClient } from "@azure/storage-blob";
import type { StorageSettings } from "../config.ts";
import { entraCredential } from "./credential.ts";

/** Uses the connection string if there is one (it wins, as in the Functions host), or else signs in with Entra ID. */
export function connectStorage({ connectionString, blobServiceUri, clientId }: StorageSettings): BlobServiceClient {
  if (connectionString !== undefined) return BlobServiceClient.fromConnectionString(connectionString);
  if (blobServiceUri === undefined) throw new TypeError("readConfig makes sure that one of them is set");
  return new BlobServiceClient(blobServiceUri, entraCredential(clientId));
}
