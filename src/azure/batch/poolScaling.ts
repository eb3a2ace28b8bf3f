import type { PoolScaling } from "../../batchSettings.ts";
import { EVALUATION_INTERVAL, poolFormula } from "./poolFormula.ts";

/** What decides how many nodes a pool has, in the words of the service: a formula, or two numbers. */
export type NodeTargets = AutomaticTargets | FixedTargets;

interface AutomaticTargets {
  readonly enableAutoScale: true;
  readonly autoScaleFormula: string;
  readonly autoScaleEvaluationInterval: string;
}

interface FixedTargets {
  readonly enableAutoScale: false;
  readonly targetDedicatedNodes: number;
  readonly targetLowPriorityNodes: number;
}

export function nodeTargets(scaling: PoolScaling, slotsPerNode: number): NodeTargets {
  if (scaling.mode === "fixed") {
    return {
      enableAutoScale: false,
      targetDedicatedNodes: scaling.dedicatedNodes,
      targetLowPriorityNodes: scaling.spotNodes,
    };
  }
  return {
    enableAutoScale: true,
    autoScaleFormula: poolFormula(scaling, slotsPerNode),
    autoScaleEvaluationInterval: EVALUATION_INTERVAL,
  };
}
