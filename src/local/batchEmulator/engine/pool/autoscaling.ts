import { evaluateFormula } from "../../autoscale/evaluate.ts";
import { FormulaSyntaxError } from "../../autoscale/lexer.ts";
import { parseFormula } from "../../autoscale/parser.ts";
import type { Statement } from "../../autoscale/parser.ts";
import { SampleHistory } from "../../autoscale/samples.ts";
import type { Sample } from "../../autoscale/samples.ts";
import { EvaluationError } from "../../autoscale/values.ts";
import { durationMs } from "../../duration.ts";
import { DURATIONS, LIMITS } from "../../limits.ts";
import type { Pool } from "../../model/entities.ts";
import type { AutoScaleRun } from "../../model/records.ts";
import type { AutoScaleSettings } from "../../requestBodies/poolBodies.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";
import { beginResize } from "./resizing.ts";

/** A day of samples, one every 30 seconds. */
const KEPT_SAMPLES = 2_880;

const ROUNDING = { down: Math.floor, nearest: Math.round, up: Math.ceil } as const;

const histories = new WeakMap<Pool, SampleHistory>();

/** Reads a formula; throws the service's own 400 when it cannot. */
export function checkFormula(formula: string): readonly Statement[] {
  if (formula.length > LIMITS.MAX_FORMULA_LENGTH) throw new ServiceError("AutoScaleFormulaTooLong");
  try {
    return parseFormula(formula);
  } catch (error) {
    if (!(error instanceof FormulaSyntaxError)) throw error;
    throw new ServiceError("AutoScalingFormulaSyntaxError", { values: [{ key: "Reason", value: error.message }] });
  }
}

/** Takes a sample every period for as long as the pool exists. */
export function startSampling(engine: Engine, pool: Pool): void {
  const history = new SampleHistory(KEPT_SAMPLES);
  histories.set(pool, history);
  const take = (): void => {
    if (engine.store.pools.get(pool.record.id.toLowerCase()) !== pool) return;
    history.add({ ms: engine.nowMs(), values: measure(engine, pool) });
    engine.after(engine.timings.samplePeriodMs, take);
  };
  engine.after(engine.timings.samplePeriodMs, take);
}

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

/** What a formula would do, without doing it. That it fails is a result too. */
export function evaluateOnce(engine: Engine, pool: Pool, formula: string): AutoScaleRun {
  return evaluate(engine, pool, checkFormula(formula)).run;
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
  const { run, result } = evaluate(engine, pool, checkFormula(record.autoScaleFormula ?? ""));
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

function evaluate(engine: Engine, pool: Pool, statements: readonly Statement[]) {
  const { record } = pool;
  const { samplePeriodMs, sampleDelayMs } = engine.timings;
  const history = histories.get(pool) ?? new SampleHistory(KEPT_SAMPLES);
  const timestamp = engine.now();
  try {
    const result = evaluateFormula(statements, {
      samples: history.visibleAt(engine.nowMs(), sampleDelayMs, samplePeriodMs),
      nowMs: engine.nowMs(),
      random: () => engine.random.number(),
      round: ROUNDING[engine.choices.targetRounding],
      targetDedicatedNodes: record.targetDedicatedNodes,
      targetLowPriorityNodes: record.targetLowPriorityNodes,
      current: measure(engine, pool),
    });
    return { run: { timestamp, results: result.text }, result };
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
    const { code, message, detail } = error;
    return { run: { timestamp, error: { code, message, values: [{ name: "Message", value: detail }] } } };
  }
}

/** Over all jobs of the pool. A task whose dependencies are open does not count as active. */
function measure(engine: Engine, pool: Pool): Sample["values"] {
  let [active, running, succeeded, failed] = [0, 0, 0, 0];
  for (const job of engine.store.jobsOfPool(pool.record.id)) {
    if (job.record.state === "active") active += job.ready.size;
    running += job.runs.size;
    succeeded += job.counts.succeeded;
    failed += job.counts.failed;
  }
  const nodes = [...pool.nodes.values()].map((node) => node.record);
  const dedicated = nodes.filter((node) => node.isDedicated).length;
  const usable = nodes.filter(({ state }) => state === "idle" || state === "running").length;
  return {
    $ActiveTasks: active,
    $RunningTasks: running,
    $PendingTasks: active + running,
    $SucceededTasks: succeeded,
    $FailedTasks: failed,
    $CurrentDedicatedNodes: dedicated,
    $CurrentLowPriorityNodes: nodes.length - dedicated,
    $PreemptedNodeCount: nodes.filter(({ state }) => state === "preempted").length,
    $SampleNodeCount: usable,
    $UsableNodeCount: usable,
    $TaskSlotsPerNode: pool.record.spec.taskSlotsPerNode,
  };
}
