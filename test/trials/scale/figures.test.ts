import { test } from "vitest";
import { costsOf, growth, steadyRate } from "./figures.ts";
import type { Snapshot } from "../../probes/probes.ts";

function snapshots(azurite: Partial<Snapshot>) {
  const nothing = {
    number: 1,
    requests: {},
    cpuSeconds: 0,
    peakRssBytes: 0,
    rssBytes: 0,
    heapBytes: 0,
  };
  return { azurite: { ...nothing, ...azurite }, batch: nothing, functions: nothing };
}

test("a cost is what came between two looks, by conversion, without the trial's own requests", ({ expect }) => {
  const before = snapshots({ requests: { "1 PUT a": 4 }, cpuSeconds: 1, heapBytes: 100 });
  const requests = { "1 PUT a": 10, "2 PUT a": 2, "1 GET b": 20, "1 trial PUT c": 9 };
  const after = snapshots({ requests, cpuSeconds: 3, heapBytes: 300 });

  const { requests: each, cpuSeconds, heapBytes } = costsOf(before, after, 4);

  expect(each.azurite).toEqual({ "PUT a": 2, "GET b": 5 });
  expect(cpuSeconds.azurite).toBe(0.5);
  expect(heapBytes.azurite).toBe(50);
});

test("the growth is the cost of one of many in relation to one of few", ({ expect }) => {
  const costs = (requests: number, cpuSeconds: number) =>
    costsOf(snapshots({}), snapshots({ requests: { "1 GET a": requests }, cpuSeconds }), 1);

  expect(growth(costs(10, 1), costs(11, 3))).toEqual({ requests: 1.1, cpu: 3 });
});

test("the steady rate is that of the middle half", ({ expect }) => {
  const records = [
    { atMs: 0, count: 0 },
    { atMs: 9_000, count: 25 },
    { atMs: 11_000, count: 75 },
    { atMs: 60_000, count: 100 },
  ];

  expect(steadyRate(records)).toBe(25);
  expect(steadyRate([{ atMs: 0, count: 0 }])).toBe(0);
});
