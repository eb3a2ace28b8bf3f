import { durationMs } from "../../duration.ts";
import { DURATIONS, LIMITS } from "../../limits.ts";
import type { Pool } from "../../model/entities.ts";
import type { AutoScaleSettings } from "../../requestBodies/poolBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { checkFormula, runFormula } from "./formulas.ts";
import { beginResize } from "./resizing.ts";

/** Evaluates the formula at once, then at the pool's interval. */
export function startAutoScale(engine: Engine, pool: Pool): void {
  applyFormula(engine, pool);
  scheduleNext(engine, pool);
}

export function enableAutoScale(engine: Engine, pool: Pool, settings: AutoScaleSettings): void {
  const { record } = pool;
  const formula = settings.autoScaleFormula ?? record.autoScaleFormula;
  if (settings.autoScaleFormula === undefined && settings.autoScaleEvaluationInterval === undefined) {
    throw new ServiceError("InvalidAutoScalingSettings");
  }
  if (formula === undefined) {
    throw new ServiceError("MissingRequiredProperty", { values: [{ key: "PropertyName", value: "autoScaleFormula" }] });
  }
  checkFormula(formula);
  if (!record.enableAutoScale && record.allocationState !== "steady") throw new ServiceError("PoolBeingResized");
  const nowMs = engine.nowMs();
  if (nowMs - (record.lastAutoScaleEnableMs ?? Number.NEGATIVE_INFINITY) < LIMITS.ENABLE_AUTOSCALE_PAUSE_MS) {
    throw new ServiceError("TooManyEnableAutoScaleRequests");
  }
  record.lastAutoScaleEnableMs = nowMs;
  record.enableAutoScale = true;
  record.autoScaleFormula = formula;
  record.autoScaleEvaluationInterval =
    settings.autoScaleEvaluationInterval ?? record.autoScaleEvaluationInterval ?? DURATIONS.DEFAULT_AUTOSCALE_INTERVAL;
  startAutoScale(engine, pool);
  engine.store.savePool(pool);
}

/** The targets stay where the formula left them. */
export function disableAutoScale(engine: Engine, pool: Pool): void {
  const { record } = pool;
  pool.cancelAutoScale?.();
  record.enableAutoScale = false;
  delete record.autoScaleFormula;
  delete record.autoScaleEvaluationInterval;
  delete record.autoScaleRun;
  if (record.allocationState === "steady") {
    const { targetDedicatedNodes: dedicated, targetLowPriorityNodes: lowPriority } = record;
    beginResize(engine, pool, { dedicated, lowPriority, option: "requeue" });
  }
  engine.store.savePool(pool);
}

function scheduleNext(engine: Engine, pool: Pool): void {
  const interval = pool.record.autoScaleEvaluationInterval ?? DURATIONS.DEFAULT_AUTOSCALE_INTERVAL;
  pool.cancelAutoScale?.();
  pool.cancelAutoScale = engine.after(durationMs(interval), () => {
    applyFormula(engine, pool);
    scheduleNext(engine, pool);
  });
}

function applyFormula(engine: Engine, pool: Pool): void {
  const { record } = pool;
  const { run, result } = runFormula(engine, pool, record.autoScaleFormula ?? "");
  record.autoScaleRun = run;
  engine.store.savePool(pool);
  // When the formula fails, the pool stays as it is.
  if (result === undefined) return;
  const {
    targetDedicatedNodes: dedicated,
    targetLowPriorityNodes: lowPriority,
    nodeDeallocationOption: option,
  } = result;
  const isChange = dedicated !== record.targetDedicatedNodes || lowPriority !== record.targetLowPriorityNodes;
  if (isChange) beginResize(engine, pool, { dedicated, lowPriority, option });
}
