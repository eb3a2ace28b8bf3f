import type { BatchServiceModels } from "@azure/batch";
import type { BatchSettings } from "../../batchSettings.ts";
import { BatchError } from "../../model/errors.ts";

/**
 * Throws where tasks are to use an identity that the pool does not have: they would fail on its nodes, one after the
 * other. A pool gets one only through Azure Resource Manager, so the app can neither make such a pool nor mend it:
 * https://learn.microsoft.com/azure/batch/managed-identity-pools
 */
export function requireIdentity(
  pool: BatchServiceModels.CloudPool | undefined,
  { poolId, nodeIdentityId }: BatchSettings,
): void {
  if (nodeIdentityId === undefined) return;
  const identities = pool?.identity?.userAssignedIdentities ?? [];
  if (identities.some(({ resourceId }) => resourceId.toLowerCase() === nodeIdentityId.toLowerCase())) return;
  const what =
    pool === undefined ? `There is no pool ${poolId}` : `Pool ${poolId} lacks the identity ${nodeIdentityId}`;
  const how = "A pool gets an identity only when it is deployed, as with Bicep; or unset BATCH_NODE_IDENTITY_ID";
  throw new BatchError(`${what}. ${how}`, { code: "PoolIdentityNotFound", statusCode: undefined });
}
