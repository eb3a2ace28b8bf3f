import type { BatchServiceClient } from "@azure/batch";
import type { BlobServiceClient } from "@azure/storage-blob";
import type { BatchSettings } from "../../../batchSettings.ts";
import type { StorageSettings } from "../../../config.ts";
import type { Environment } from "../../../model/settings.ts";
import type { Arm } from "../../azure/arm.ts";
import type { Deployment } from "../../azure/deployment.ts";
import type { Secrets } from "../secrets.ts";

/** How a deployment is looked at. */
export interface Surroundings {
  readonly arm: Arm;
  /** The variables of the azd environment. */
  readonly env: Environment;
  readonly secrets: Secrets;
  /** With the key of the settings if they have one, or else with the person's own sign-in. */
  readonly connectStorage: (settings: StorageSettings) => BlobServiceClient;
  readonly connectBatch: (settings: BatchSettings) => BatchServiceClient;
  /** In milliseconds since 1970. */
  readonly now: () => number;
}

export interface DeploymentView extends Surroundings {
  readonly deployment: Deployment;
}
