import type { Job } from "../../model/entities.ts";
import { keyOf } from "../../model/entities.ts";
import type { FailureInfo } from "../../model/records.ts";
import { guid } from "../../random.ts";
import type { AutoPoolSpec } from "../../requestBodies/poolInfoBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { failJob } from "../job/jobEndings.ts";
import { addPool, deletePool } from "./poolCommands.ts";

/*
 * A pool that a job describes instead of naming one. It is like any other, but comes and goes with its job or with the
 * schedule of its jobs.
 * https://learn.microsoft.com/azure/batch/nodes-and-pools#pools
 */

/** What is wrong with a pool shows only when it is made: the job has been taken by then. */
const SCHEDULING_ERRORS = {
  InvalidApplicationPackageReferencesInAutoPool: "One or more application packages specified for the pool are invalid.",
  InvalidAutoScaleFormulaInAutoPool: "The specified auto-scaling settings are not valid.",
} as const;

/** Gives a new job the pool that it describes, if it does. The jobs of a schedule may share one. */
export function makeAutoPool(engine: Engine, job: Job): void {
  const automatic = job.record.spec.poolInfo.autoPoolSpecification;
  if (automatic === undefined) return;
  const schedule = automatic.poolLifetimeOption === "jobschedule" ? engine.store.jobScheduleOf(job) : undefined;
  const shared = engine.store.pools.get(keyOf(schedule?.record.autoPoolId ?? ""));
  const isShared = shared?.record.state === "active";
  const poolId = isShared ? shared.record.id : newPoolId(engine, automatic);
  engine.store.moveJob(job, (record) => {
    record.autoPoolId = poolId;
  });
  if (isShared) return;
  const error = tryToAdd(engine, poolId, automatic);
  if (error !== undefined) {
    failJob(engine, job, error);
  } else if (schedule !== undefined) {
    schedule.record.autoPoolId = poolId;
    engine.store.saveJobSchedule(schedule);
  }
}

/** Deletes the pool that was made for the job. */
export function endAutoPool(engine: Engine, { record }: Job): void {
  const automatic = record.spec.poolInfo.autoPoolSpecification;
  if (automatic?.poolLifetimeOption === "job" && !automatic.keepAlive) deleteAutoPool(engine, record.autoPoolId);
}

/** Unless somebody else has done so before. */
export function deleteAutoPool(engine: Engine, poolId: string | undefined): void {
  const pool = engine.store.pools.get(keyOf(poolId ?? ""));
  if (pool?.record.state === "active") deletePool(engine, pool);
}

function newPoolId(engine: Engine, { autoPoolIdPrefix: prefix = "" }: AutoPoolSpec): string {
  const unique = guid(engine.random).toUpperCase();
  return prefix === "" ? unique : `${prefix}_${unique}`;
}

function tryToAdd(engine: Engine, id: string, { pool }: AutoPoolSpec): FailureInfo | undefined {
  const { applicationPackageReferences = [], ...spec } = pool;
  if (applicationPackageReferences.length > 0) return schedulingError("InvalidApplicationPackageReferencesInAutoPool");
  try {
    addPool(engine, { ...spec, id, applicationPackageReferences: undefined });
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return schedulingError("InvalidAutoScaleFormulaInAutoPool", error);
  }
  return undefined;
}

function schedulingError(code: keyof typeof SCHEDULING_ERRORS, cause?: ServiceError): FailureInfo {
  const details = cause?.values.map(({ key, value }) => ({ name: key, value })) ?? [];
  return {
    category: "UserError",
    code,
    message: SCHEDULING_ERRORS[code],
    ...(details.length > 0 && { details }),
  };
}
