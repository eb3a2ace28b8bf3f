import type { BatchServiceModels } from "@azure/batch";
import type { NodeNeeds } from "../../workloads/workload.ts";

/**
 * Freshly booted Ubuntu nodes run unattended upgrades that hold the package lock for minutes. A start task has no time
 * limit of its own, and one that hangs would keep its node on its way for ever.
 */
const APT_GET = "DEBIAN_FRONTEND=noninteractive timeout 1200 apt-get -o DPkg::Lock::Timeout=300";

/** Installs what is missing on a node; undefined where nothing is needed. Fails when a check fails afterwards. */
export function poolStartTaskFor(needs: readonly NodeNeeds[]): BatchServiceModels.StartTask | undefined {
  if (needs.length === 0) return undefined;
  const check = [...new Set(needs.map((need) => `{ ${need.check}; }`))].join(" && ");
  const packages = [...new Set(needs.flatMap((need) => need.packages))].join(" ");
  const install = `${APT_GET} update && ${APT_GET} install -y --no-install-recommends ${packages}`;
  return {
    commandLine: `/bin/bash -c 'set -e; ${check} || { ${install}; }; ${check}'`,
    userIdentity: { autoUser: { scope: "pool", elevationLevel: "admin" } },
    maxTaskRetryCount: 5,
    waitForSuccess: true,
  };
}
