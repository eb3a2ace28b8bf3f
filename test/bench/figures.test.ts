import { test } from "vitest";
import { parseStat } from "./cpuTimes.ts";
import type { Costs } from "./figures.ts";
import { costsOfFile, mediansOf, ratiosOf, spreadOf } from "./figures.ts";

function costs(task: number, requests: Record<string, number>): Costs {
  return {
    cpuSeconds: { task, azurite: 0, functions: 0, batch: 0, client: 2 },
    requests: { azurite: requests, batch: {}, functions: {} },
  };
}

test("the spread has the least, the middle and the most, whatever the order", ({ expect }) => {
  expect(spreadOf([3, 1, 2])).toEqual({ min: 1, median: 2, max: 3 });
  expect(spreadOf([4, 1, 2, 3])).toEqual({ min: 1, median: 2.5, max: 4 });
});

test("a ratio is that of one round, so a slow round counts for both sides", ({ expect }) => {
  expect(ratiosOf([10, 40, 12], [5, 20, 4])).toEqual({ min: 2, median: 2, max: 3 });
});

test("the cost of a file is the mean of all rounds, also of what came in one of them only", ({ expect }) => {
  const mean = costsOfFile([costs(1, { a: 4 }), costs(3, { a: 2, b: 2 })], 2);

  expect(mean.cpuSeconds).toEqual({ task: 1, azurite: 0, functions: 0, batch: 0, client: 1 });
  expect(mean.requests.azurite).toEqual({ a: 1.5, b: 0.5 });
});

test("processor time that one round does not know is known of none", ({ expect }) => {
  expect(costsOfFile([costs(1, {}), { ...costs(1, {}), cpuSeconds: undefined }], 1).cpuSeconds).toBeUndefined();
});

test("each step has a median of its own", ({ expect }) => {
  expect(
    mediansOf([
      { a: 1, b: 9 },
      { a: 2, b: 7 },
      { a: 3, b: 8 },
    ]),
  ).toEqual({ a: 2, b: 8 });
});

test("processor time is read behind the name of the program, whatever that holds", ({ expect }) => {
  const stat = "12 (a) b (c) S 1 12 12 0 -1 4194304 100 200 0 0 150 50 600 25 20 0 11 0 1000 1 2";

  expect(parseStat(stat)).toEqual({ own: 2, endedChildren: 6.25 });
});
