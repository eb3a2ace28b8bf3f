import { UserError } from "../../local/kit/userError.ts";

/** What `azd` has made, by the outputs of `infra/main.bicep`. */
export interface Deployment {
  /** `/subscriptions/…/resourceGroups/…` */
  readonly group: string;
  readonly functionApp: string;
  readonly functionAppUrl: string;
  readonly eventGridTopic: string;
  readonly storageAccount: string;
  readonly batchAccount: string;
  readonly vmSize: string;
  readonly taskSlotsPerNode: number;
  readonly maxNodes: number;
  readonly dedicatedPercent: number;
}

/** Throws a `UserError` that names every output that is missing. */
export function readDeployment(env: NodeJS.ProcessEnv): Deployment {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = env[name]?.trim() ?? "";
    if (value === "") missing.push(name);
    return value;
  };
  const deployment = {
    group: `/subscriptions/${read("AZURE_SUBSCRIPTION_ID")}/resourceGroups/${read("AZURE_RESOURCE_GROUP")}`,
    functionApp: read("AZURE_FUNCTION_APP_NAME"),
    functionAppUrl: read("AZURE_FUNCTION_APP_URL"),
    eventGridTopic: read("AZURE_EVENT_GRID_TOPIC_NAME"),
    storageAccount: read("AZURE_STORAGE_ACCOUNT_NAME"),
    batchAccount: read("AZURE_BATCH_ACCOUNT_NAME"),
    vmSize: read("BATCH_VM_SIZE"),
    taskSlotsPerNode: Number(read("BATCH_TASK_SLOTS_PER_NODE")),
    maxNodes: Number(read("BATCH_MAX_NODES")),
    dedicatedPercent: Number(read("BATCH_DEDICATED_PERCENT")),
  };
  if (missing.length > 0) {
    throw new UserError("NotProvisioned", `The azd environment lacks ${missing.join(", ")}`, {
      hint: "Run `azd provision`, which sets them, and then `azd hooks run postdeploy`.",
    });
  }
  return deployment;
}
