import { double, EvaluationError, vector } from "./values.ts";
import type { Value } from "./values.ts";

interface Environment {
  readonly nowMs: number;
  readonly random: () => number;
}

/** These take numbers and vectors in any mixture, as one list. */
const ON_LISTS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  avg: (values) => sum(values) / values.length,
  len: (values) => values.length,
  max: (values) => Math.max(...values),
  min: (values) => Math.min(...values),
  norm: (values) => Math.sqrt(sum(values.map((value) => value * value))),
  range: (values) => Math.max(...values) - Math.min(...values),
  std: (values) => {
    const mean = sum(values) / values.length;
    return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / (values.length - 1));
  },
  sum,
};

const ON_NUMBERS: Readonly<Record<string, (value: number) => number>> = {
  lg: Math.log2,
  ln: Math.log,
  log: Math.log10,
};

/** https://learn.microsoft.com/azure/batch/batch-automatic-scaling#functions */
export function callFunction(name: string, args: readonly Value[], environment: Environment): Value {
  const onList = Object.hasOwn(ON_LISTS, name) ? ON_LISTS[name] : undefined;
  if (onList !== undefined) {
    const values = flatten(name, args);
    if (values.length === 0) throw wrong(name, "at least one number");
    return double(onList(values));
  }
  const [first, second] = args;
  const onNumber = Object.hasOwn(ON_NUMBERS, name) ? ON_NUMBERS[name] : undefined;
  if (onNumber !== undefined) {
    if (first?.type === "vector") return vector(first.values.map(onNumber));
    if (first?.type === "double") return double(onNumber(first.value));
    throw wrong(name, "a number or a vector");
  }
  switch (name) {
    case "rand":
      return double(environment.random());
    case "time":
      return time(first, environment.nowMs);
    case "val":
      if (first?.type !== "vector" || second?.type !== "double") throw wrong(name, "a vector and an index");
      return double(elementAt(first.values, second.value));
    case "percentile":
      if (first?.type !== "vector" || second?.type !== "double") throw wrong(name, "a vector and a percentage");
      return double(percentile(first.values, second.value));
    default:
      throw new EvaluationError(`There is no function ${name}`);
  }
}

function flatten(name: string, args: readonly Value[]): number[] {
  return args.flatMap((arg) => {
    if (arg.type === "double") return [arg.value];
    if (arg.type === "vector") return arg.values;
    throw wrong(name, "numbers or vectors");
  });
}

function time(argument: Value | undefined, nowMs: number): Value {
  if (argument === undefined || (argument.type === "string" && argument.value === "")) {
    return { type: "timestamp", ms: nowMs };
  }
  // Without a time zone the service assumes UTC.
  const text = argument.type === "string" ? argument.value : "";
  const ms = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text}Z`);
  const fallback = Number.isNaN(ms) ? Date.parse(text) : ms;
  if (Number.isNaN(fallback)) throw wrong("time", "a time such as 2026-01-31T12:00:00Z");
  return { type: "timestamp", ms: fallback };
}

function elementAt(values: readonly number[], index: number): number {
  const value = values[Math.floor(index)];
  if (value === undefined) throw wrong("val", `an index from 0 to ${values.length - 1}`);
  return value;
}

/** Interpolates between two ranks. */
function percentile(values: readonly number[], percent: number): number {
  if (values.length === 0) throw wrong("percentile", "a vector with elements");
  const sorted = values.toSorted((a, b) => a - b);
  const rank = (Math.min(100, Math.max(0, percent)) / 100) * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? 0;
  const above = sorted[Math.ceil(rank)] ?? 0;
  return below + (above - below) * (rank - Math.floor(rank));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function wrong(name: string, expected: string): EvaluationError {
  return new EvaluationError(`${name} expects ${expected}`);
}
