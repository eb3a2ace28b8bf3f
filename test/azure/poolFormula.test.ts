import { describe, test } from "vitest";
import { poolFormula } from "../../src/azure/batch/poolFormula.ts";
import { evaluateFormula } from "../../src/local/batchEmulator/autoscale/evaluate.ts";
import { parseFormula } from "../../src/local/batchEmulator/autoscale/parser.ts";
import { SampleHistory } from "../../src/local/batchEmulator/autoscale/samples.ts";

const NOW = Date.UTC(2026, 0, 1, 12);
const MIXED = { mode: "auto", maxNodes: 8, dedicatedPercent: 25 } as const;
const SPOT = { mode: "auto", maxNodes: 4, dedicatedPercent: 0 } as const;

interface Seen {
  /** As sampled, the newest a minute ago. */
  readonly pending?: readonly number[];
  readonly preempted?: number;
  /** Spot and dedicated nodes: the targets until now. */
  readonly had?: readonly [spot: number, dedicated: number];
  /** Spot nodes that are there, preempted ones included; as many as wanted where it is left out. */
  readonly spotHere?: number;
  readonly round?: (nodes: number) => number;
}

/** Spot and dedicated nodes. */
function nodesFor(
  scaling: Parameters<typeof poolFormula>[0],
  slots: number,
  { pending = [], preempted = 0, had = [0, 0], spotHere = had[0], round = Math.floor }: Seen,
): readonly [spot: number, dedicated: number] {
  const history = new SampleHistory(100);
  pending.forEach((tasks, i) => {
    const ms = NOW - 60_000 - (pending.length - 1 - i) * 30_000;
    history.add({ ms, values: { $PendingTasks: tasks, $PreemptedNodeCount: preempted } });
  });
  const { targetLowPriorityNodes, targetDedicatedNodes, nodeDeallocationOption } = evaluateFormula(
    parseFormula(poolFormula(scaling, slots)),
    {
      samples: history.visibleAt(NOW, 60_000, 30_000),
      nowMs: NOW,
      random: () => 0,
      round,
      targetLowPriorityNodes: had[0],
      targetDedicatedNodes: had[1],
      current: { $CurrentLowPriorityNodes: spotHere, $CurrentDedicatedNodes: had[1] },
    },
  );
  if (nodeDeallocationOption !== "taskcompletion") throw new Error(`Nodes leave by ${nodeDeallocationOption}`);
  return [targetLowPriorityNodes, targetDedicatedNodes];
}

/** The same number in all samples of the last minutes. */
const steadily = (tasks: number): number[] => Array.from({ length: 9 }, () => tasks);

describe.for([
  ["down", Math.floor],
  ["to the nearest", Math.round],
  ["up", Math.ceil],
] as const)("where the service rounds %s", ([, round]) => {
  test.for([
    [0, 0],
    [1, 1],
    [2, 1],
    [3, 2],
    [7, 4],
    [8, 4],
    [9, 4],
    [10_000, 4],
  ] as const)("%i tasks fill %i of 4 nodes with 2 slots", ([tasks, nodes], { expect }) => {
    expect(nodesFor(SPOT, 2, { pending: steadily(tasks), round })).toEqual([nodes, 0]);
  });
});

test("nodes stay for what the last five minutes needed, and leave afterwards", ({ expect }) => {
  const falling = [8, 8, 6, 4, 2, 0, 0, 0, 0];

  expect(nodesFor(SPOT, 2, { pending: falling, had: [4, 0] })).toEqual([4, 0]);
  expect(nodesFor(SPOT, 2, { pending: steadily(0), had: [4, 0] })).toEqual([0, 0]);
});

test("a rush that is over brings no new node", ({ expect }) => {
  const rush = [0, 2, 8, 8, 4, 2, 1, 1, 1];

  expect(nodesFor(SPOT, 2, { pending: rush, had: [1, 0] })).toEqual([1, 0]);
});

test("one sample of a rush brings nodes", ({ expect }) => {
  expect(nodesFor(SPOT, 2, { pending: [...steadily(0).slice(1), 5], had: [0, 0] })).toEqual([3, 0]);
});

test("a new pool has one node at once, and a pool whose samples are missing stays as it is", ({ expect }) => {
  expect(nodesFor(SPOT, 2, {})).toEqual([1, 0]);
  expect(nodesFor(SPOT, 2, { pending: [9], had: [3, 0] })).toEqual([3, 0]);
  expect(nodesFor(MIXED, 2, { had: [6, 1] })).toEqual([6, 1]);
});

test("spot nodes come first, dedicated ones are what is left up to their share", ({ expect }) => {
  expect(nodesFor(MIXED, 1, { pending: steadily(6) })).toEqual([6, 0]);
  expect(nodesFor(MIXED, 1, { pending: steadily(7) })).toEqual([6, 1]);
  expect(nodesFor(MIXED, 1, { pending: steadily(99) })).toEqual([6, 2]);
  expect(nodesFor({ ...MIXED, dedicatedPercent: 100 }, 1, { pending: steadily(3) })).toEqual([0, 3]);
  expect(nodesFor({ ...MIXED, dedicatedPercent: 1 }, 1, { pending: steadily(99) })).toEqual([7, 1]);
});

test("dedicated nodes stand in for spot nodes that were preempted or never came", ({ expect }) => {
  expect(nodesFor(MIXED, 1, { pending: steadily(3), had: [3, 0], preempted: 1 })).toEqual([3, 1]);
  expect(nodesFor(MIXED, 1, { pending: steadily(3), had: [3, 0], spotHere: 0 })).toEqual([3, 2]);
  expect(nodesFor(SPOT, 1, { pending: steadily(3), had: [3, 0], preempted: 3 })).toEqual([3, 0]);
  expect(nodesFor(MIXED, 1, { pending: steadily(0), had: [3, 1], preempted: 3 })).toEqual([0, 0]);
});

test("the longest formula is within the limits of the service", ({ expect }) => {
  const formula = poolFormula({ mode: "auto", maxNodes: 100, dedicatedPercent: 50 }, 256);

  expect(formula.length).toBeLessThan(8192);
  expect(formula.split(";").length).toBeLessThan(100);
});
