import type { BatchServiceClient } from "@azure/batch";
import { BlobServiceClient } from "@azure/storage-blob";
import { connectBatch } from "../../azure/batch/client.ts";
import { entraCredential } from "../../azure/credential.ts";
import type { BatchSettings } from "../../batchSettings.ts";
import { chosenWorkloads, readConfig } from "../../config.ts";
import { UserError } from "../../local/kit/userError.ts";
import { environmentOf } from "../../local/stack/appSettings.ts";
import type { Environment } from "../../model/settings.ts";
import type { Workload } from "../../workloads/workload.ts";
import { azdCredential } from "../azure/azdToken.ts";
import { endingSilence } from "../convert/silentStorage.ts";
import { RETRY_OPTIONS, containersFrom } from "../convert/storageSettings.ts";
import type { ManagedApp } from "./openApp.ts";

/** Where what can be deleted is. */
export interface Places {
  readonly storage: BlobServiceClient;
  readonly containers: { readonly input: string; readonly output: string };
  readonly workloads: readonly Workload[];
  /** Undefined where Batch cannot be reached from here. */
  readonly batch: { readonly client: BatchServiceClient; readonly settings: BatchSettings } | undefined;
  /** Whether only a deployment can make the pool again. */
  readonly isPoolDeployed: boolean;
}

/** Of what azd knows; nothing else of this process may point at another account. */
const OF_DEPLOYMENT = [
  "STORAGE__blobServiceUri",
  "BATCH_ACCOUNT_ENDPOINT",
  "BATCH_POOL_ID",
  "BATCH_JOB_ID",
  "INPUT_CONTAINER",
  "OUTPUT_CONTAINER",
  "WORKLOADS",
];

/**
 * The accounts of the app: the local stack's; those of the deployment, with a person's own sign-in; or, for an app that is
 * only an address, the storage that the environment names. Throws a `UserError`.
 */
export function findPlaces({ stack, azd }: ManagedApp, env: Environment): Places {
  if (stack !== undefined) return placesOf(environmentOf({ ...env }, stack), false);
  if (azd !== undefined) {
    const known = Object.fromEntries(OF_DEPLOYMENT.map((name) => [name, azd[name]]));
    return placesOf(known, true);
  }
  if (!env["STORAGE"]?.trim() && !env["STORAGE__blobServiceUri"]?.trim()) {
    throw new UserError("StorageUnknown", "It is not known in which storage account that app works", {
      hint: "Put its address into STORAGE__blobServiceUri in the environment, or its connection string into STORAGE.",
    });
  }
  return {
    storage: connectStorage(env),
    containers: containersFrom({ ...env }),
    workloads: chosenWorkloads(env),
    batch: undefined,
    isPoolDeployed: true,
  };
}

function placesOf(settings: Environment, isDeployed: boolean): Places {
  const { batch, containers, workloads } = readConfig(settings);
  const client = isDeployed ? connectBatch(batch, azdCredential()) : connectBatch(batch);
  return {
    storage: connectStorage(settings, isDeployed),
    containers,
    workloads,
    batch: { client, settings: batch },
    isPoolDeployed: isDeployed,
  };
}

function connectStorage(settings: Environment, byAzd = false): BlobServiceClient {
  const connectionString = settings["STORAGE"]?.trim();
  const uri = settings["STORAGE__blobServiceUri"]?.trim() ?? "";
  const clientId = settings["STORAGE__clientId"]?.trim();
  const account = connectionString
    ? BlobServiceClient.fromConnectionString(connectionString)
    : new BlobServiceClient(uri, byAzd ? azdCredential() : entraCredential(clientId));
  return endingSilence(account, RETRY_OPTIONS);
}
