import { describeType, double, EvaluationError, vector } from "./values.ts";
import type { Value } from "./values.ts";

type Arithmetic = (a: number, b: number) => number;

const ARITHMETIC: Readonly<Record<string, Arithmetic>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
};

const COMPARISONS: Readonly<Record<string, (order: number) => boolean>> = {
  "==": (order) => order === 0,
  "!=": (order) => order !== 0,
  "<": (order) => order < 0,
  "<=": (order) => order <= 0,
  ">": (order) => order > 0,
  ">=": (order) => order >= 0,
};

/** https://learn.microsoft.com/azure/batch/batch-automatic-scaling#operations */
export function applyBinary(operator: string, left: Value, right: Value): Value {
  const compare = COMPARISONS[operator];
  if (compare !== undefined) return double(compare(orderOf(operator, left, right)) ? 1 : 0);
  const arithmetic = ARITHMETIC[operator];
  const result = arithmetic && (onNumbers(arithmetic, left, right) ?? onTimes(operator, arithmetic, left, right));
  if (result === undefined) throw mismatch(operator, left, right);
  return result;
}

export function applyUnary(operator: string, operand: Value): Value {
  if (operator === "!") return double(isTrue(operand) ? 0 : 1);
  if (operand.type === "double") return double(-operand.value);
  if (operand.type === "vector") return vector(operand.values.map((value) => -value));
  if (operand.type === "interval") return { type: "interval", ms: -operand.ms };
  throw new EvaluationError(`Cannot negate a ${describeType(operand)}`);
}

/** A number other than zero. */
export function isTrue(value: Value): boolean {
  if (value.type === "double") return value.value !== 0;
  throw new EvaluationError(`A ${describeType(value)} is neither true nor false`);
}

function onNumbers(operate: Arithmetic, left: Value, right: Value): Value | undefined {
  if (left.type === "double" && right.type === "double") return double(operate(left.value, right.value));
  if (left.type === "vector" && right.type === "double") {
    return vector(left.values.map((value) => operate(value, right.value)));
  }
  if (left.type === "double" && right.type === "vector") {
    return vector(right.values.map((value) => operate(left.value, value)));
  }
  if (left.type !== "vector" || right.type !== "vector") return undefined;
  if (left.values.length !== right.values.length) {
    const lengths = `${left.values.length} and ${right.values.length} elements`;
    throw new EvaluationError(`Vectors of ${lengths} cannot be combined`);
  }
  return vector(left.values.map((value, index) => operate(value, right.values[index] ?? 0)));
}

function onTimes(operator: string, operate: Arithmetic, left: Value, right: Value): Value | undefined {
  const isSum = operator === "+" || operator === "-";
  if (left.type === "interval" && right.type === "interval" && isSum) {
    return { type: "interval", ms: operate(left.ms, right.ms) };
  }
  if (left.type === "timestamp" && right.type === "interval" && isSum) {
    return { type: "timestamp", ms: operate(left.ms, right.ms) };
  }
  if (left.type === "interval" && right.type === "timestamp" && operator === "+") {
    return { type: "timestamp", ms: left.ms + right.ms };
  }
  if (left.type === "timestamp" && right.type === "timestamp" && operator === "-") {
    return { type: "interval", ms: left.ms - right.ms };
  }
  if (left.type === "interval" && right.type === "double" && !isSum) {
    return { type: "interval", ms: operate(left.ms, right.value) };
  }
  if (left.type === "double" && right.type === "interval" && operator === "*") {
    return { type: "interval", ms: left.value * right.ms };
  }
  return undefined;
}

function orderOf(operator: string, left: Value, right: Value): number {
  if (left.type === "double" && right.type === "double") return compare(left.value, right.value);
  if (left.type === "string" && right.type === "string") return compare(left.value, right.value);
  if (left.type === "timestamp" && right.type === "timestamp") return compare(left.ms, right.ms);
  if (left.type === "interval" && right.type === "interval") return compare(left.ms, right.ms);
  throw mismatch(operator, left, right);
}

/** NaN makes every comparison but != false. */
function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : a > b ? 1 : Number.NaN;
}

function mismatch(operator: string, left: Value, right: Value): EvaluationError {
  const types = `${describeType(left)} and ${describeType(right)}`;
  return new EvaluationError(`${operator} does not apply to ${types}`);
}
