import * as v from "valibot";
import { LIMITS } from "../limits.ts";
import { ServiceError, invalidProperty } from "../serviceError.ts";
import { checkScaling, newPool } from "./poolBodies.ts";
import { choice, id, optional } from "./schema.ts";
import { checkImage } from "./supportedImages.ts";

/** A pool without a name. What must have been uploaded before is looked for when the pool is made. */
const poolSpecification = v.object({
  ...v.omit(newPool, ["id"]).entries,
  applicationPackageReferences: optional(v.array(v.looseObject({ applicationId: v.string() }))),
});

const autoPoolSpecification = v.object({
  autoPoolIdPrefix: optional(
    v.pipe(
      v.string(),
      v.regex(/^[A-Za-z0-9_-]*$/, "The prefix may contain only alphanumeric characters, hyphens and underscores"),
      v.maxLength(
        LIMITS.MAX_POOL_PREFIX_LENGTH,
        `The prefix may have at most ${LIMITS.MAX_POOL_PREFIX_LENGTH} characters`,
      ),
    ),
  ),
  poolLifetimeOption: choice(["job", "jobschedule"]),
  keepAlive: v.nullish(v.boolean(), false),
  pool: v.pipe(
    poolSpecification,
    v.transform((pool) => {
      if (pool.enableAutoScale) return pool;
      const { targetDedicatedNodes = 0, targetLowPriorityNodes = 0 } = pool;
      return { ...pool, targetDedicatedNodes, targetLowPriorityNodes };
    }),
  ),
});
export type AutoPoolSpec = v.InferOutput<typeof autoPoolSpecification>;

/** Names a pool, or describes one that is made for the job. */
export const poolInfo = v.object({ poolId: optional(id), autoPoolSpecification: optional(autoPoolSpecification) });
export type PoolInfo = v.InferOutput<typeof poolInfo>;

/** Who may have a pool: `jobschedule` keeps it from job to job of a schedule. */
type Owner = AutoPoolSpec["poolLifetimeOption"];

/** Throws unless the job, or each job of the schedule, is given one pool, and one that can be made. */
export function checkPoolInfo({ poolId, autoPoolSpecification: automatic }: PoolInfo, owner: Owner): void {
  if (poolId === undefined && automatic === undefined) {
    throw new ServiceError("MissingRequiredProperty", { values: [{ key: "PropertyName", value: "poolInfo" }] });
  }
  if (automatic === undefined) return;
  if (poolId !== undefined) {
    throw invalidProperty("poolInfo", poolId, "Either poolId or autoPoolSpecification may be specified, not both");
  }
  const { poolLifetimeOption, pool } = automatic;
  if (poolLifetimeOption === "jobschedule" && owner === "job") {
    throw invalidProperty("poolLifetimeOption", poolLifetimeOption, "May be applied to job schedules only");
  }
  checkScaling(pool);
  checkImage(pool);
}
