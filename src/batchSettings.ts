import { temporaryDiskBytes } from "./model/nodeDisk.ts";
import type { SettingsReader } from "./model/settings.ts";

/** The Batch account, and the pool and job of this app in it. */
export interface BatchSettings {
  readonly endpoint: string;
  readonly apiVersion: string;
  /** Undefined: sign in with Entra ID. */
  readonly sharedKey: { readonly accountName: string; readonly key: string } | undefined;
  readonly clientId: string | undefined;
  readonly poolId: string;
  readonly jobId: string;
  readonly vmSize: string;
  /** publisher:offer:sku, looked up among the verified images of the account. */
  readonly image: { readonly publisher: string; readonly offer: string; readonly sku: string };
  readonly scaling: PoolScaling;
  readonly taskSlotsPerNode: number;
  /** The disk on which a node keeps its tasks. Undefined: not known, so no input is too large for it. */
  readonly nodeDiskBytes: number | undefined;
  /** Whether nodes that break are rebooted and removed. */
  readonly repairNodes: boolean;
  /** Resource id of a user-assigned identity of the pool. Undefined: tasks get signed URLs. */
  readonly nodeIdentityId: string | undefined;
}

/** How many nodes the pool has. */
export type PoolScaling = AutoScaling | FixedScaling;

/** As many as the queue needs, from none to the maximum. */
export interface AutoScaling {
  readonly mode: "auto";
  readonly maxNodes: number;
  /** The share of the maximum that is dedicated, used after the spot nodes. */
  readonly dedicatedPercent: number;
}

export interface FixedScaling {
  readonly mode: "fixed";
  readonly dedicatedNodes: number;
  readonly spotNodes: number;
}

/** Part of `readConfig`. `clientId`: that of the app's one identity. */
export function readBatch(read: SettingsReader, clientId: string | undefined): BatchSettings {
  const accountName = read.optional("BATCH_ACCOUNT_NAME");
  const key = read.optional("BATCH_ACCOUNT_KEY");
  if (key !== undefined && accountName === undefined) {
    read.problem("BATCH_ACCOUNT_NAME is not set: BATCH_ACCOUNT_KEY needs it");
  }
  const vmSize = read.text("BATCH_VM_SIZE", "standard_d2ds_v5");
  return {
    endpoint: read.url("BATCH_ACCOUNT_ENDPOINT"),
    apiVersion: read.text("BATCH_API_VERSION", "2022-10-01.16.0"),
    sharedKey: key !== undefined && accountName !== undefined ? { accountName, key } : undefined,
    clientId,
    poolId: readBatchId(read, "BATCH_POOL_ID", "mp3drop"),
    jobId: readBatchId(read, "BATCH_JOB_ID", "mp3drop"),
    vmSize,
    image: readImage(read, "BATCH_NODE_IMAGE", "canonical:ubuntu-24_04-lts:server"),
    scaling: readScaling(read),
    taskSlotsPerNode: read.integer("BATCH_TASK_SLOTS_PER_NODE", 2, 1, 256),
    nodeDiskBytes: readNodeDisk(read, "NODE_DISK_GB", vmSize),
    repairNodes: read.oneOf("BATCH_REPAIR_NODES", ["true", "false"]) === "true",
    nodeIdentityId: readIdentityId(read, "BATCH_NODE_IDENTITY_ID"),
  };
}

/** https://learn.microsoft.com/azure/batch/managed-identity-pools */
function readIdentityId(read: SettingsReader, name: string): string | undefined {
  const value = read.optional(name);
  const pattern =
    /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ManagedIdentity\/userAssignedIdentities\/[^/]+$/i;
  if (value !== undefined && !pattern.test(value)) {
    const shape = "/subscriptions/…/resourceGroups/…/providers/Microsoft.ManagedIdentity/userAssignedIdentities/…";
    read.problem(`${name} must be the resource id of a user-assigned identity, ${shape}, not "${value}"`);
  }
  return value;
}

/** A setting of the other mode would be ignored without a word, so it is named as a problem. */
function readScaling(read: SettingsReader): PoolScaling {
  const mode = read.oneOf("BATCH_POOL_SCALING", ["auto", "fixed"]);
  if (mode === "auto") {
    refuseSettingsOf("fixed", ["BATCH_DEDICATED_NODES", "BATCH_SPOT_NODES"]);
    return {
      mode,
      maxNodes: read.integer("BATCH_MAX_NODES", 4, 1, 100),
      dedicatedPercent: read.integer("BATCH_DEDICATED_PERCENT", 0, 0, 100),
    };
  }
  refuseSettingsOf("auto", ["BATCH_MAX_NODES", "BATCH_DEDICATED_PERCENT"]);
  const dedicatedNodes = read.integer("BATCH_DEDICATED_NODES", 1, 0, 100);
  const spotNodes = read.integer("BATCH_SPOT_NODES", 0, 0, 100);
  if (dedicatedNodes + spotNodes === 0) {
    read.problem("BATCH_DEDICATED_NODES and BATCH_SPOT_NODES are both 0: nothing would ever be converted");
  }
  return { mode, dedicatedNodes, spotNodes };

  function refuseSettingsOf(other: PoolScaling["mode"], names: readonly string[]): void {
    for (const name of names.filter((one) => read.optional(one) !== undefined)) {
      read.problem(`${name} has no effect unless BATCH_POOL_SCALING is ${other}: remove one or change the other`);
    }
  }
}

/** 0 stands for a disk whose size is not known. */
function readNodeDisk(read: SettingsReader, name: string, vmSize: string): number | undefined {
  if (read.optional(name) === undefined) return temporaryDiskBytes(vmSize);
  const gigabytes = read.integer(name, 0, 0, 100_000);
  return gigabytes === 0 ? undefined : gigabytes * 1e9;
}

/** https://learn.microsoft.com/rest/api/batchservice/job/add#request-body; the job's id also gets a suffix of ours. */
function readBatchId(read: SettingsReader, name: string, fallback: string): string {
  return read.matching(name, fallback, /^[\w-]{1,56}$/, "be 1 to 56 letters, digits, _ or -");
}

function readImage(read: SettingsReader, name: string, fallback: string): BatchSettings["image"] {
  const value = read.matching(name, fallback, /^[^:]+:[^:]+:[^:]+$/, "look like publisher:offer:sku");
  const [publisher = "", offer = "", sku = ""] = value.split(":");
  return { publisher, offer, sku };
}
