import { availableParallelism } from "node:os";
import { withoutProxyForLoopback } from "../kit/loopback.ts";
import type { Config } from "../../config.ts";
import type { AppSettings, StackConnection } from "./stackState.ts";

/** Where services are and how to sign in to them: the local stack decides that, whatever the user's shell holds. */
const OWN_SETTINGS =
  /^(AZURITE_.*|STORAGE(__.*)?|AzureWebJobs.*|BATCH_ACCOUNT_.*|BATCH_API_VERSION|BATCH_EMULATOR_.*|AZURE_(CLIENT|TENANT)_ID|BLOB_TRIGGER_SOURCE)$/i;

/** The app reads no bodies. Each that the host takes is held in memory, and whoever is on this machine may send some. */
const MAX_BODY_BYTES = 1024 * 1024;

/** What the Functions host works with. */
export type Services = Pick<StackConnection, "storage" | "batch">;

/** The environment of the Functions host: the stack's settings, and the user's own choices such as `MP3_BITRATE_KBPS`. */
export function hostEnvironment(env: NodeJS.ProcessEnv, { storage, batch }: Services): NodeJS.ProcessEnv {
  return {
    BATCH_TASK_SLOTS_PER_NODE: String(availableParallelism()),
    // A node costs nothing here, and autoscale would let a file wait for minutes.
    BATCH_POOL_SCALING: "fixed",
    // The nodes are folders on the user's own disk, whatever BATCH_VM_SIZE says.
    NODE_DISK_GB: "0",
    FUNCTIONS_REQUEST_BODY_SIZE_LIMIT: String(MAX_BODY_BYTES),
    ...serviceEnvironment(env),
    STORAGE: storage.connectionString,
    AzureWebJobsStorage: storage.connectionString,
    BATCH_ACCOUNT_ENDPOINT: batch.endpoint,
    BATCH_ACCOUNT_NAME: batch.accountName,
    BATCH_ACCOUNT_KEY: batch.accountKey,
    FUNCTIONS_WORKER_RUNTIME: "node",
  };
}

/** The environment of the app of a running stack, as far as it matters to others; the rest is taken from their own. */
export function environmentOf(env: NodeJS.ProcessEnv, stack: StackConnection): NodeJS.ProcessEnv {
  return hostEnvironment({ ...env, ...stack.settings }, stack);
}

/** Nothing that is secret. */
export function announcedSettings({ containers, workloads, batch }: Config): AppSettings {
  return {
    INPUT_CONTAINER: containers.input,
    OUTPUT_CONTAINER: containers.output,
    WORKLOADS: workloads.map(({ name }) => name).join(","),
    BATCH_POOL_ID: batch.poolId,
    BATCH_JOB_ID: batch.jobId,
  };
}

/** The user's environment, less anything that would point a local service at the cloud. */
export function serviceEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !OWN_SETTINGS.test(name));
  return withoutProxyForLoopback(Object.fromEntries(kept));
}
