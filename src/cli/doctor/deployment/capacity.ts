import { temporaryDiskBytes } from "../../../model/nodeDisk.ts";
import type { Environment } from "../../../model/settings.ts";
import type { CoreQuota } from "../../azure/quota.ts";
import { readCoreQuotas } from "../../azure/quota.ts";
import { formatBytes } from "../../format.ts";
import type { Check } from "../examine.ts";
import type { Finding } from "../finding.ts";
import { ok, warning, wrong } from "../finding.ts";
import type { DeploymentView } from "./view.ts";

interface VmSize {
  readonly name: string;
  readonly capabilities?: readonly { readonly name: string; readonly value: string }[] | null;
  readonly batchSupportEndOfLife?: string | null;
}

const API_VERSION = "2025-06-01";
const NOTICE_MS = 90 * 24 * 3_600_000;

/** Whether the account may have the nodes that the pool is to have. */
export function capacityChecks(view: DeploymentView, settings: Environment): Check[] {
  const { arm, deployment } = view;
  return [
    {
      what: "quota",
      look: async () =>
        (await readCoreQuotas(arm, deployment)).map((quota) => quotaFinding(quota, deployment.batchAccount)),
    },
    { what: "VM size", look: () => checkVmSize(view, settings) },
  ];
}

function quotaFinding({ what, granted, wanted }: CoreQuota, batchAccount: string): Finding {
  if (granted >= wanted) return ok("quota", `${granted} ${what}, enough for the ${wanted} of a full pool`);
  const hint = `Request ${wanted} in the portal: Batch account ${batchAccount}, Quotas, Request quota increase.`;
  const detail = `${granted} ${what} of ${wanted}`;
  if (granted === 0) return wrong("quota", `${detail}: nothing can be converted on such nodes`, hint);
  return warning("quota", `${detail}: the pool stays smaller than it may be`, hint);
}

/** https://learn.microsoft.com/rest/api/batchmanagement/location/list-supported-virtual-machine-skus */
async function checkVmSize(view: DeploymentView, settings: Environment): Promise<Finding[]> {
  const { arm, deployment, now } = view;
  const { group, batchAccount, vmSize, maxNodes, dedicatedPercent } = deployment;
  const account = await arm.request(
    "GET",
    `${group}/providers/Microsoft.Batch/batchAccounts/${batchAccount}`,
    API_VERSION,
  );
  const { location } = account as { location: string };
  const [subscription = ""] = /^\/subscriptions\/[^/]+/.exec(group) ?? [];
  const path = `${subscription}/providers/Microsoft.Batch/locations/${location}/virtualMachineSkus`;
  const sizes = await arm.list<VmSize>(path, API_VERSION);
  const what = `VM size ${vmSize}`;
  const size = sizes.find(({ name }) => name.toLowerCase() === vmSize.toLowerCase());
  if (size === undefined) {
    const hint = "Choose another one, with a temporary disk: `azd env set BATCH_VM_SIZE …`, then `azd provision`.";
    return [wrong(what, `Batch does not offer it in ${location}`, hint)];
  }
  const capability = (name: string): string | undefined => size.capabilities?.find((one) => one.name === name)?.value;
  const findings = [...diskFindings(what, vmSize, capability, settings), ...endOfLifeFindings(what, size, now())];
  const wantsSpot = maxNodes > Math.ceil((maxNodes * dedicatedPercent) / 100);
  if (wantsSpot && capability("LowPriorityCapable")?.toLowerCase() === "false") {
    const hint = "Choose another one, or `azd env set BATCH_DEDICATED_PERCENT 100`; then `azd provision`.";
    findings.push(wrong(what, "it is not to be had as spot nodes", hint));
  }
  return findings.length > 0
    ? findings
    : [ok(what, `offered in ${location}, with ${describeDisk(vmSize, capability)}`)];
}

type Capability = (name: string) => string | undefined;

function diskFindings(what: string, vmSize: string, capability: Capability, settings: Environment): Finding[] {
  if (temporaryDiskBytes(vmSize) !== undefined) return [];
  const hasDisk =
    Number(capability("MaxResourceVolumeMB") ?? 1) > 0 || Number(capability("NvmeDiskSizeInMiB") ?? 0) > 0;
  if (!hasDisk) {
    return [
      warning(
        what,
        "it has no temporary disk: videos share the disk of the system",
        "Choose one with a d in its name.",
      ),
    ];
  }
  if (settings["NODE_DISK_GB"]?.trim()) return [];
  const hint = "Set NODE_DISK_GB to what a node has for its tasks, or to 0.";
  return [warning(what, "the size of its disk is not known here, so no file is refused as too large", hint)];
}

function endOfLifeFindings(what: string, { batchSupportEndOfLife: end }: VmSize, now: number): Finding[] {
  if (!end || Date.parse(end) > now + NOTICE_MS) return [];
  const day = end.slice(0, 10);
  const hint = "Choose another one: `azd env set BATCH_VM_SIZE …`, then `azd provision`.";
  if (Date.parse(end) <= now) return [wrong(what, `its support by Batch ended on ${day}`, hint)];
  return [warning(what, `its support by Batch ends on ${day}`, hint)];
}

function describeDisk(vmSize: string, capability: Capability): string {
  const bytes = temporaryDiskBytes(vmSize) ?? Number(capability("MaxResourceVolumeMB") ?? 0) * 1024 ** 2;
  return bytes > 0 ? `a temporary disk of ${formatBytes(bytes)}` : "a disk of its own";
}
