import { splitNodes } from "../../azure/batch/poolFormula.ts";
import type { Arm } from "./arm.ts";
import type { Deployment } from "./deployment.ts";

interface BatchAccount {
  readonly properties: {
    readonly dedicatedCoreQuota?: number | null;
    readonly dedicatedCoreQuotaPerVMFamilyEnforced?: boolean;
    readonly dedicatedCoreQuotaPerVMFamily?: readonly { readonly name: string; readonly coreQuota: number }[] | null;
    readonly lowPriorityCoreQuota?: number | null;
    readonly poolQuota?: number;
  };
}

/** How many cores of one kind the account may have, and how many the pool would like. */
export interface CoreQuota {
  /** In the words of the portal's quota page. */
  readonly what: string;
  readonly granted: number;
  readonly wanted: number;
}

const API_VERSION = "2025-06-01";

/** What the Batch account may have of what the pool needs. */
export async function readCoreQuotas(arm: Arm, deployment: Deployment): Promise<CoreQuota[]> {
  const { group, batchAccount, vmSize } = deployment;
  const path = `${group}/providers/Microsoft.Batch/batchAccounts/${batchAccount}`;
  const { properties } = (await arm.request("GET", path, API_VERSION)) as BatchAccount;
  const cores = coresOf(vmSize);
  const { maxDedicated, maxSpot } = splitNodes(deployment);
  const quotas: CoreQuota[] = [];
  if (maxSpot > 0) {
    const granted = properties.lowPriorityCoreQuota ?? 0;
    quotas.push({ what: "Spot/low-priority cores", granted, wanted: maxSpot * cores });
  }
  if (maxDedicated > 0) {
    const family = familyOf(vmSize);
    const ofFamily = properties.dedicatedCoreQuotaPerVMFamily?.find(
      ({ name }) => name.toLowerCase() === family.toLowerCase(),
    );
    const isPerFamily = properties.dedicatedCoreQuotaPerVMFamilyEnforced === true;
    const granted = isPerFamily ? (ofFamily?.coreQuota ?? 0) : (properties.dedicatedCoreQuota ?? 0);
    const what = isPerFamily ? `dedicated cores of ${family}` : "dedicated cores";
    quotas.push({ what, granted, wanted: maxDedicated * cores });
  }
  return quotas;
}

/** One line for each, and what to do about those that are too small. */
export function describeQuotas(quotas: readonly CoreQuota[], batchAccount: string): string[] {
  return quotas.map(({ what, granted, wanted }) => {
    if (granted >= wanted) return `Quota: ${granted} ${what}, enough for the ${wanted} of a full pool.`;
    const effect = granted === 0 ? "nothing can be converted" : `the pool stays smaller than it may be`;
    return `Quota: ${granted} ${what} of ${wanted}, so ${effect}. Request ${wanted} in the portal: Batch account ${batchAccount}, Quotas, Request quota increase.`;
  });
}

/** `standard_d2ds_v5` has 2: the number behind the letters of the family. */
function coresOf(vmSize: string): number {
  return Number(/^standard_[a-z]+(\d+)/i.exec(vmSize)?.[1] ?? 1);
}

/** `standard_d2ds_v5` is of `standardDDSv5Family`. */
function familyOf(vmSize: string): string {
  const [, letters = "", features = "", version = ""] =
    /^standard_([a-z]+)\d+(?:-\d+)?([a-z]*)_?(v\d+)?$/i.exec(vmSize) ?? [];
  return `standard${letters.toUpperCase()}${features.toUpperCase()}${version.toLowerCase()}Family`;
}
