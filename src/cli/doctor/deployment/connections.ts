import type { TokenCredential } from "@azure/identity";
import { BlobServiceClient } from "@azure/storage-blob";
import { connectBatch } from "../../../azure/batch/client.ts";
import { endingSilence } from "../../convert/silentStorage.ts";
import { RETRY_OPTIONS } from "../../convert/storageSettings.ts";
import type { Surroundings } from "./view.ts";

/** The accounts that the app's settings name, asked with its keys if it has any, or else with a person's own sign-in. */
export function connectionsOf(credential: TokenCredential): Pick<Surroundings, "connectStorage" | "connectBatch"> {
  return {
    connectStorage: ({ connectionString, blobServiceUri = "" }) => {
      const account =
        connectionString === undefined
          ? new BlobServiceClient(blobServiceUri, credential)
          : BlobServiceClient.fromConnectionString(connectionString);
      return endingSilence(account, RETRY_OPTIONS);
    },
    connectBatch: (settings) => connectBatch(settings, credential),
  };
}
