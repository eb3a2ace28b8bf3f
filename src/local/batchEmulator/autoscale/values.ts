/** What a formula computes with. https://learn.microsoft.com/azure/batch/batch-automatic-scaling#types */
export type Value =
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "vector"; readonly values: readonly number[] }
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "timestamp"; readonly ms: number }
  | { readonly type: "interval"; readonly ms: number };

/** The service tells these two apart. */
const FAILURES = {
  AutoScalingFormulaEvaluationError: "The specified auto-scaling formula has evaluation error",
  InsufficientSampleData: "Autoscale evaluation failed due to insufficient sample data",
} as const;

/** A formula that cannot be evaluated: the pool stays as it is, and its autoScaleRun shows the error. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError";
  readonly code: keyof typeof FAILURES;
  readonly detail: string;

  constructor(detail: string, code: keyof typeof FAILURES = "AutoScalingFormulaEvaluationError") {
    super(FAILURES[code]);
    this.code = code;
    this.detail = detail;
  }
}

export function double(value: number): Value {
  return { type: "double", value };
}

export function vector(values: readonly number[]): Value {
  return { type: "vector", values };
}

export function describeType(value: Value): string {
  return value.type === "vector" ? "doubleVec" : value.type === "interval" ? "timeinterval" : value.type;
}

/** As the results of a run show it. */
export function formatValue(value: Value): string {
  switch (value.type) {
    case "double":
      return formatNumber(value.value);
    case "vector":
      return `[${value.values.map(formatNumber).join(",")}]`;
    case "string":
      return value.value;
    case "timestamp":
      return new Date(value.ms).toISOString();
    case "interval":
      return formatInterval(value.ms);
  }
}

function formatNumber(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return String(value);
}

/** days.hours:minutes:seconds, as .NET writes it. */
function formatInterval(ms: number): string {
  const seconds = Math.floor(Math.abs(ms) / 1000);
  const two = (value: number): string => String(value).padStart(2, "0");
  const days = Math.floor(seconds / 86_400);
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `${ms < 0 ? "-" : ""}${days > 0 ? `${days}.` : ""}${time}`;
}
