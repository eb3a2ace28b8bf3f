import fc from "fast-check";
import { test } from "vitest";
import { evaluateFormula } from "../../../src/local/batchEmulator/autoscale/evaluate.ts";
import { FormulaSyntaxError } from "../../../src/local/batchEmulator/autoscale/lexer.ts";
import { parseFormula } from "../../../src/local/batchEmulator/autoscale/parser.ts";
import { SampleHistory } from "../../../src/local/batchEmulator/autoscale/samples.ts";
import { EvaluationError } from "../../../src/local/batchEmulator/autoscale/values.ts";

const NOON = Date.UTC(2026, 0, 1, 12);

/** Pending tasks as they were sampled, the newest 30 s before noon. */
function evaluate(formula: string, pendingTasks: readonly number[] = []) {
  const history = new SampleHistory(100);
  pendingTasks.forEach((value, index) => {
    history.add({ ms: NOON - (pendingTasks.length - index) * 30_000, values: { $PendingTasks: value } });
  });
  return evaluateFormula(parseFormula(formula), {
    samples: history.visibleAt(NOON, 0, 30_000),
    nowMs: NOON,
    random: () => 0.5,
    round: Math.floor,
    targetDedicatedNodes: 3,
    targetLowPriorityNodes: 4,
    current: { $CurrentDedicatedNodes: 10 },
  });
}

/** The value of an expression, as it stands in the results. */
function value(expression: string, pendingTasks?: readonly number[]): string {
  return evaluate(`x=${expression};`, pendingTasks).text.split(";x=")[1] ?? "";
}

test("without assignments the targets stay as they are", ({ expect }) => {
  const text = "$TargetDedicatedNodes=3;$TargetLowPriorityNodes=4;$NodeDeallocationOption=requeue";

  expect(evaluate("").text).toBe(text);
  expect(evaluate("1+1;2==2").text).toBe(text);
});

test("the usual formula grows with the pending tasks, up to its maximum", ({ expect }) => {
  const formula = `startingNumberOfVMs = 1;
    maxNumberofVMs = 25; // cost
    pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
    pendingTaskSamples = pendingTaskSamplePercent < 70 ? startingNumberOfVMs
                       : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
    $TargetDedicatedNodes = min(maxNumberofVMs, pendingTaskSamples);
    $NodeDeallocationOption = taskcompletion;`;

  expect(evaluate(formula).targetDedicatedNodes).toBe(1);
  expect(evaluate(formula, [4, 4, 4, 6, 6, 6])).toMatchObject({
    targetDedicatedNodes: 5,
    nodeDeallocationOption: "taskcompletion",
  });
  expect(evaluate(formula, [90, 90, 90, 90, 90, 90]).targetDedicatedNodes).toBe(25);
});

test("results list the variables of the formula by name", ({ expect }) => {
  const { text } = evaluate("$curTime=time();b=2.5;$isWeekday=$curTime.weekday<=5;$TargetDedicatedNodes=1;");

  expect(text).toBe(
    "$TargetDedicatedNodes=1;$TargetLowPriorityNodes=4;$NodeDeallocationOption=requeue" +
      ";$curTime=2026-01-01T12:00:00.000Z;$isWeekday=1;b=2.5",
  );
});

test.for([
  ["1+2*3", "7"],
  ["(1+2)*3", "9"],
  ["10-4-3", "3"],
  ["-2*-3", "6"],
  ["!0", "1"],
  ["1<2==1", "1"],
  ["0||1&&0", "0"],
  ["1?2:0?3:4", "2"],
  ["0?2:0?3:4", "4"],
  ["max(1,2,3)", "3"],
  ["min($PendingTasks.GetSample(3),2)", "1"],
  ["$PendingTasks.GetSample(2)", "[2,3]"],
  ["$PendingTasks.GetSample(2)*2+1", "[5,7]"],
  ["len($PendingTasks.GetSample(TimeInterval_Minute))", "2"],
  ["val($PendingTasks.GetSample(3),0)", "1"],
  ["percentile($PendingTasks.GetSample(3),50)", "2"],
  ["$PendingTasks.Count()", "3"],
  ["$PendingTasks.GetSamplePercent(TimeInterval_Minute)", "100"],
  ["$PendingTasks.GetSamplePeriod()/TimeInterval_Second", ""],
  ["sum(1,2,3)/avg(1,2,3)", "3"],
  ["std(2,4)*std(2,4)", "2.0000000000000004"],
  ["lg(8)+ln(1)+log(100)", "5"],
  ["norm(3,4)+range(1,5)", "9"],
  ["$CurrentDedicatedNodes*1.1", "11"],
  ['time("2026-03-04").day', "4"],
  ['time()-time("2026-01-01T10:00:00Z")>TimeInterval_Hour', "1"],
  ["time()+2*TimeInterval_Day", "2026-01-03T12:00:00.000Z"],
  ["rand()", "0.5"],
] as const)("%s is %s", ([expression, expected], { expect }) => {
  if (expected === "") expect(() => value(expression, [1, 2, 3])).toThrow(EvaluationError);
  else expect(value(expression, [1, 2, 3])).toBe(expected);
});

test("a target is a whole number of nodes, and not less than none", ({ expect }) => {
  expect(evaluate("$TargetDedicatedNodes=2.9;$TargetLowPriorityNodes=-1;")).toMatchObject({
    targetDedicatedNodes: 2,
    targetLowPriorityNodes: 0,
  });
});

test("too few samples fail the run with the place in the formula", ({ expect }) => {
  expect(() => evaluate("\n$TargetDedicatedNodes=\n  avg($CPUPercent.GetSample(TimeInterval_Hour,10));")).toThrow(
    expect.objectContaining({
      code: "InsufficientSampleData",
      message: "Autoscale evaluation failed due to insufficient sample data",
      detail: "Line 3, Col 19: Insufficient data from data set: $CPUPercent wanted 10%, received 0%",
    }),
  );
});

test.for(["x=", "x=1 y=2", "x=(1;", "x=1+;", "x=#;", "x=a.;", "x=f(1,;", "=1", "x=1?2;"])(
  "%s has a syntax error",
  (formula, { expect }) => {
    expect(() => parseFormula(formula)).toThrow(FormulaSyntaxError);
  },
);

test.for([
  "x",
  "x==1",
  "x=y",
  "x=unknown(1)",
  "x=1+requeue",
  "$PendingTasks=1",
  "$TargetDedicatedNodes=requeue",
  "x=time().age",
  "x=avg()",
])("%s cannot be evaluated", (formula, { expect }) => {
  expect(() => evaluate(formula)).toThrow(EvaluationError);
});

test("a formula of 101 statements or of too deep brackets is refused", ({ expect }) => {
  expect(() => parseFormula("x=1;".repeat(101))).toThrow(FormulaSyntaxError);
  expect(() => parseFormula(`x=${"(".repeat(4000)}1${")".repeat(4000)}`)).toThrow(FormulaSyntaxError);
  expect(() => parseFormula(`x=${"-".repeat(8000)}1`)).toThrow(FormulaSyntaxError);
});

interface Sum {
  readonly text: string;
  readonly value: number;
}

const { sum } = fc.letrec<{ sum: Sum; leaf: Sum }>((tie) => ({
  leaf: fc.integer({ min: 0, max: 99 }).map((number) => ({ text: String(number), value: number })),
  sum: fc.oneof(
    { depthSize: "small" },
    tie("leaf"),
    fc.tuple(tie("sum"), fc.constantFrom("+", "-", "*"), tie("sum")).map(([left, operator, right]) => ({
      text: `(${left.text} ${operator}\n${right.text})`,
      value:
        operator === "+"
          ? left.value + right.value
          : operator === "-"
            ? left.value - right.value
            : left.value * right.value,
    })),
  ),
}));

test("arithmetic means what it means everywhere", ({ expect }) => {
  fc.assert(
    fc.property(sum, (expression) => {
      // The zero that is added turns -0 into 0: results are text, which has but one zero.
      expect(Number(value(expression.text))).toBe(expression.value + 0);
    }),
  );
});

test("any text is either evaluated or refused, never a crash", ({ expect }) => {
  const word = fc.constantFrom(
    "$TargetDedicatedNodes",
    "=",
    ";",
    "1",
    "(",
    ")",
    "avg",
    "$PendingTasks",
    ".GetSample(",
    "?",
    ":",
    "time()",
    "-",
    "[",
    "requeue",
    ",",
    "TimeInterval_Hour",
    "*",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 30 }).map((words) => words.join(" ")),
  );
  fc.assert(
    fc.property(text, (formula) => {
      try {
        evaluate(formula, [1, 2]);
      } catch (error) {
        expect(error instanceof FormulaSyntaxError || error instanceof EvaluationError).toBe(true);
      }
    }),
  );
});
