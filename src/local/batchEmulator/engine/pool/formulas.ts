import { evaluateFormula, resultsText } from "../../autoscale/evaluate.ts";
import type { FormulaResult } from "../../autoscale/evaluate.ts";
import { FormulaSyntaxError } from "../../autoscale/lexer.ts";
import { parseFormula } from "../../autoscale/parser.ts";
import type { Statement } from "../../autoscale/parser.ts";
import { SampleHistory } from "../../autoscale/samples.ts";
import type { Sample } from "../../autoscale/samples.ts";
import { EvaluationError } from "../../autoscale/values.ts";
import { LIMITS } from "../../limits.ts";
import { keyOf } from "../../model/entities.ts";
import type { Pool } from "../../model/entities.ts";
import type { AutoScaleRun } from "../../model/records.ts";
import { ServiceError } from "../../serviceError.ts";
import type { Engine } from "../engine.ts";

/** A day of samples, one every 30 seconds. */
const KEPT_SAMPLES = 2_880;

const ROUNDING = { down: Math.floor, nearest: Math.round, up: Math.ceil } as const;

const histories = new WeakMap<Pool, SampleHistory>();

/** A formula that a pool may be given: one that assigns something in each statement. Throws the service's own 400. */
export function checkFormula(formula: string): void {
  const idle = readFormula(formula).find(({ target }) => target === undefined);
  if (idle !== undefined) throw syntaxError(new FormulaSyntaxError(idle.value, "The statement assigns nothing"));
}

function readFormula(formula: string): readonly Statement[] {
  if (formula.length > LIMITS.MAX_FORMULA_LENGTH) throw new ServiceError("AutoScaleFormulaTooLong");
  try {
    return parseFormula(formula);
  } catch (error) {
    if (!(error instanceof FormulaSyntaxError)) throw error;
    throw syntaxError(error);
  }
}

function syntaxError({ message }: FormulaSyntaxError): ServiceError {
  return new ServiceError("AutoScalingFormulaSyntaxError", { values: [{ key: "Reason", value: message }] });
}

/** Takes a sample every period for as long as the pool exists. */
export function startSampling(engine: Engine, pool: Pool): void {
  const history = new SampleHistory(KEPT_SAMPLES);
  histories.set(pool, history);
  const take = (): void => {
    if (engine.store.pools.get(keyOf(pool.record.id)) !== pool) return;
    history.add({ ms: engine.nowMs(), values: measure(engine, pool) });
    engine.after(engine.timings.samplePeriodMs, take);
  };
  engine.after(engine.timings.samplePeriodMs, take);
}

/** What a formula would do to the pool, without doing it. That it fails is a result too. */
export function runFormula(engine: Engine, pool: Pool, formula: string): { run: AutoScaleRun; result?: FormulaResult } {
  const statements = readFormula(formula);
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
    const results = resultsText(record.targetDedicatedNodes, record.targetLowPriorityNodes);
    return { run: { timestamp, results, error: { code, message, values: [{ name: "Message", value: detail }] } } };
  }
}

/** Over all jobs of the pool. A task whose dependencies are open does not count as active. */
function measure(engine: Engine, pool: Pool): Sample["values"] {
  let [active, running, succeeded, failed] = [0, 0, 0, 0];
  for (const job of engine.store.jobIndex.ofPool(pool.record.id)) {
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
