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
    if (target !== undefined && isMetric(target)) throw failureAt(value, `${target} cannot be assigned to`);
    const result = evaluator.evaluate(value);
    if (target !== undefined) variables.set(target, result);
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
    text: `${resultsText(dedicated, lowPriority, option)}${others.join("")}`,
  };
}

/** The results of a formula that leaves everything as it is; also those of one that failed. */
export function resultsText(
  dedicated: number,
  lowPriority: number,
  option: NodeDeallocationOption = "requeue",
): string {
  return `${DEDICATED}=${dedicated};${LOW_PRIORITY}=${lowPriority};${OPTION}=${option}`;
}

/** Whole nodes, and never fewer than zero. */
function targetOf(variables: ReadonlyMap<string, Value>, name: string, round: FormulaInput["round"]): number {
  const value = variables.get(name);
  if (value?.type !== "double" || !Number.isFinite(value.value)) {
    const found = value === undefined ? "nothing" : formatValue(value);
    throw new EvaluationError(`${name} must be a number, not ${found}`);
  }
  return Math.max(0, round(value.value));
}

function optionOf(value: Value | undefined): NodeDeallocationOption {
  const option = NODE_DEALLOCATION_OPTIONS.find((one) => value?.type === "string" && one === value.value);
  if (option !== undefined) return option;
  const found = value === undefined ? "nothing" : formatValue(value);
  throw new EvaluationError(`${OPTION} cannot be ${found}`);
}
