import { NODE_DEALLOCATION_OPTIONS } from "../requestBodies/nodeBodies.ts";
import type { NodeDeallocationOption } from "../requestBodies/nodeBodies.ts";
import { Evaluator, failureAt, isMetric } from "./evaluator.ts";
import type { FormulaInput } from "./evaluator.ts";
import type { Statement } from "./parser.ts";
import { double, EvaluationError, formatValue } from "./values.ts";
import type { Value } from "./values.ts";

export interface FormulaResult {
  readonly targetDedicatedNodes: number;
  readonly targetLowPriorityNodes: number;
  readonly nodeDeallocationOption: NodeDeallocationOption;
  /** The service's own three variables first, then the formula's by name. */
  readonly text: string;
}

const DEDICATED = "$TargetDedicatedNodes";
const LOW_PRIORITY = "$TargetLowPriorityNodes";
const OPTION = "$NodeDeallocationOption";

/** Throws an EvaluationError that says where the formula failed. */
export function evaluateFormula(statements: readonly Statement[], input: FormulaInput): FormulaResult {
  const variables = new Map<string, Value>([
    [DEDICATED, double(input.targetDedicatedNodes)],
    [LOW_PRIORITY, double(input.targetLowPriorityNodes)],
    [OPTION, { type: "string", value: "requeue" }],
  ]);
  const evaluator = new Evaluator(input, variables);
  for (const { target, value } of statements) {
    if (isMetric(target)) throw failureAt("InvalidAssignment", value, `${target} cannot be assigned to`);
    variables.set(target, evaluator.evaluate(value));
  }
  const dedicated = targetOf(variables, DEDICATED, input.round);
  const lowPriority = targetOf(variables, LOW_PRIORITY, input.round);
  const option = optionOf(variables.get(OPTION));
  const others = [...variables]
    .filter(([name]) => name !== DEDICATED && name !== LOW_PRIORITY && name !== OPTION)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `;${name}=${formatValue(value)}`);
  return {
    targetDedicatedNodes: dedicated,
    targetLowPriorityNodes: lowPriority,
    nodeDeallocationOption: option,
    text: `${DEDICATED}=${dedicated};${LOW_PRIORITY}=${lowPriority};${OPTION}=${option}${others.join("")}`,
  };
}

/** Whole nodes, and never fewer than zero. */
function targetOf(variables: ReadonlyMap<string, Value>, name: string, round: FormulaInput["round"]): number {
  const value = variables.get(name);
  if (value?.type !== "double" || !Number.isFinite(value.value)) {
    const found = value === undefined ? "nothing" : formatValue(value);
    throw new EvaluationError("InvalidTarget", `${name} must be a number, not ${found}`);
  }
  return Math.max(0, round(value.value));
}

function optionOf(value: Value | undefined): NodeDeallocationOption {
  const option = NODE_DEALLOCATION_OPTIONS.find((one) => value?.type === "string" && one === value.value);
  if (option !== undefined) return option;
  const found = value === undefined ? "nothing" : formatValue(value);
  throw new EvaluationError("InvalidOption", `${OPTION} cannot be ${found}`);
}
