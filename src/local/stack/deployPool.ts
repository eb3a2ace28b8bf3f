import type { Config } from "../../config.ts";

/**
 * Stands in for a deployment with Bicep, which alone makes pools with an identity: in the cloud, the app uses such a pool
 * but cannot create it. Does nothing where the app's settings name no identity.
 */
export async function deployPool({ batch, workloads }: Config): Promise<void> {
  if (batch.nodeIdentityId === undefined) return;
  // Loading the client takes longer than starting everything else.
  const [{ connectBatch }, { ensurePool }] = await Promise.all([
    import("../../azure/batch/client.ts"),
    import("../../azure/batch/pool.ts"),
  ]);
  const needs = workloads.flatMap(({ nodeNeeds }) => nodeNeeds ?? []);
  await ensurePool(connectBatch(batch), { ...batch, nodeIdentityId: undefined }, needs);
}
