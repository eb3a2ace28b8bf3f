import type { PoolInfo } from "../../requestBodies/poolInfoBodies.ts";
import { withoutSecrets } from "./poolView.ts";

/** As it was given. */
export function poolInfoView({ poolId, autoPoolSpecification: automatic }: PoolInfo): object {
  if (automatic === undefined) return { poolId };
  const { pool } = automatic;
  return {
    autoPoolSpecification: { ...automatic, pool: { ...pool, userAccounts: pool.userAccounts?.map(withoutSecrets) } },
  };
}
