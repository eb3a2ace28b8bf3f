import { NODE_DEALLOCATION_OPTIONS } from "../requestBodies/nodeBodies.ts";
import { callFunction } from "./formulaFunctions.ts";
import { applyBinary, applyUnary, isTrue } from "./operators.ts";
import type { Expression } from "./parser.ts";
import { METRICS } from "./samples.ts";
import type { Metric, VisibleSamples } from "./samples.ts";
import { describeType, double, EvaluationError, vector } from "./values.ts";
import type { Value } from "./values.ts";

export interface FormulaInput {
  readonly samples: VisibleSamples;
  readonly nowMs: number;
  readonly random: () => number;
  /** For a fractional number of nodes; the service does not say how it rounds. */
  readonly round: (nodes: number) => number;
  readonly targetDedicatedNodes: number;
  readonly targetLowPriorityNodes: number;
  /** What a metric is worth when a formula names it without taking samples. */
  readonly current: Readonly<Partial<Record<Metric, number>>>;
}

const INTERVALS_MS: Readonly<Record<string, number>> = {
  TimeInterval_Zero: 0,
  TimeInterval_100ns: 0.0001,
  TimeInterval_Microsecond: 0.001,
  TimeInterval_Millisecond: 1,
  TimeInterval_Second: 1000,
  TimeInterval_Minute: 60_000,
  TimeInterval_Hour: 3_600_000,
  TimeInterval_Day: 86_400_000,
  TimeInterval_Week: 7 * 86_400_000,
  TimeInterval_Year: 365 * 86_400_000,
};

/** Computes expressions. `variables` may grow from one to the next. */
export class Evaluator {
  readonly #input: FormulaInput;
  readonly #variables: ReadonlyMap<string, Value>;

  constructor(input: FormulaInput, variables: ReadonlyMap<string, Value>) {
    this.#input = input;
    this.#variables = variables;
  }

  evaluate(expression: Expression): Value {
    try {
      return this.#compute(expression);
    } catch (error) {
      // The innermost place is the helpful one.
      if (!(error instanceof EvaluationError) || error.detail.startsWith("Line ")) throw error;
      throw failureAt(expression, error.detail, error.code);
    }
  }

  #compute(expression: Expression): Value {
    switch (expression.kind) {
      case "number":
        return double(expression.value);
      case "text":
        return { type: "string", value: expression.value };
      case "name":
        return this.#read(expression.name);
      case "unary":
        return applyUnary(expression.operator, this.evaluate(expression.operand));
      case "binary":
        return this.#binary(expression.operator, expression.left, expression.right);
      case "choice":
        return this.evaluate(isTrue(this.evaluate(expression.condition)) ? expression.whenTrue : expression.otherwise);
      case "call":
        return callFunction(
          expression.name,
          expression.args.map((arg) => this.evaluate(arg)),
          this.#input,
        );
      case "member":
        return memberOf(this.evaluate(expression.object), expression.name);
      case "method":
        return this.#method(
          expression.object,
          expression.name,
          expression.args.map((arg) => this.evaluate(arg)),
        );
    }
  }

  #binary(operator: string, left: Expression, right: Expression): Value {
    if (operator === "&&") return double(this.#isTrue(left) && this.#isTrue(right) ? 1 : 0);
    if (operator === "||") return double(this.#isTrue(left) || this.#isTrue(right) ? 1 : 0);
    return applyBinary(operator, this.evaluate(left), this.evaluate(right));
  }

  #isTrue(expression: Expression): boolean {
    return isTrue(this.evaluate(expression));
  }

  #read(name: string): Value {
    const assigned = this.#variables.get(name);
    if (assigned !== undefined) return assigned;
    if (isMetric(name)) {
      const current = this.#input.current[name];
      if (current !== undefined) return double(current);
      throw new EvaluationError(`${name} must be read with GetSample`);
    }
    const interval = Object.hasOwn(INTERVALS_MS, name) ? INTERVALS_MS[name] : undefined;
    if (interval !== undefined) return { type: "interval", ms: interval };
    const option = NODE_DEALLOCATION_OPTIONS.find((value) => value === name);
    if (option !== undefined) return { type: "string", value: option };
    throw new EvaluationError(`Undefined symbol: ${name.replace("$", "")}`);
  }

  #method(object: Expression, name: string, args: readonly Value[]): Value {
    if (object.kind !== "name" || !isMetric(object.name)) {
      throw new EvaluationError(`${name} applies only to sampled variables`);
    }
    const { samples, nowMs } = this.#input;
    const metric = object.name;
    switch (name) {
      case "Count":
        return double(samples.count(metric));
      case "GetSamplePeriod":
        return { type: "interval", ms: samples.periodMs };
      case "HistoryBeginTime":
        return { type: "timestamp", ms: samples.beginMs(metric) };
      case "GetSamplePercent":
        return double(
          samples.percent(metric, this.#moment(args[0]), args[1] === undefined ? nowMs : this.#moment(args[1])),
        );
      case "GetSample":
        return vector(this.#getSample(metric, args));
      default:
        throw new EvaluationError(`There is no method ${name}`);
    }
  }

  #getSample(metric: Metric, [first, second, third]: readonly Value[]): readonly number[] {
    const { samples, nowMs } = this.#input;
    if (first?.type === "double") return samples.last(metric, first.value);
    const hasEnd = second !== undefined && second.type !== "double";
    const percent = hasEnd ? third : second;
    if (percent !== undefined && percent.type !== "double") throw wrongSampleArguments();
    return samples.between(metric, this.#moment(first), hasEnd ? this.#moment(second) : nowMs, percent?.value ?? 0);
  }

  /** An interval means: that long ago. */
  #moment(value: Value | undefined): number {
    if (value?.type === "interval") return this.#input.nowMs - value.ms;
    if (value?.type === "timestamp") return value.ms;
    throw wrongSampleArguments();
  }
}

function memberOf(object: Value, name: string): Value {
  if (object.type !== "timestamp") {
    throw new EvaluationError(`A ${describeType(object)} has no ${name}`);
  }
  const date = new Date(object.ms);
  const members: Readonly<Record<string, number>> = {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    // Monday is 1 and Sunday 7.
    weekday: date.getUTCDay() === 0 ? 7 : date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
  };
  const value = Object.hasOwn(members, name) ? members[name] : undefined;
  if (value !== undefined) return double(value);
  throw new EvaluationError(`A timestamp has no ${name}`);
}

export function isMetric(name: string): name is Metric {
  return (METRICS as readonly string[]).includes(name);
}

/** Says where in the formula it failed. */
export function failureAt(
  { line, column }: Expression,
  detail: string,
  code?: EvaluationError["code"],
): EvaluationError {
  return new EvaluationError(`Line ${line}, Col ${column}: ${detail}`, code);
}

function wrongSampleArguments(): EvaluationError {
  const detail = "The arguments must be a count, or times followed by a percentage";
  return new EvaluationError(detail);
}
