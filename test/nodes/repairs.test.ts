import { test } from "vitest";
import { addSeconds } from "../../src/model/time.ts";
import type { Ledger } from "../../src/nodes/ledger.ts";
import { describeRepairs } from "../../src/nodes/news.ts";
import type { RepairPlan } from "../../src/nodes/repairs.ts";
import { planRepairs } from "../../src/nodes/repairs.ts";
import type { BrokenNode } from "../../src/services.ts";

const START = new Date("2026-01-01T12:00:00.000Z");
const NOTHING_KNOWN: Ledger = { schemaVersion: 1, nodes: {}, repairs: [], removal: null };
const NOTHING: RepairPlan = { reboot: [], remove: [], postponed: 0 };

function at(minutes: number): Date {
  return addSeconds(START, minutes * 60);
}

function failed(nodeId: string, since = START): BrokenNode {
  return { nodeId, state: "starttaskfailed", since: since.toISOString(), errors: [] };
}

function unusable(nodeId: string, ...codes: string[]): BrokenNode {
  const errors = codes.map((code) => ({ code, message: "no details" }));
  return { nodeId, state: "unusable", since: START.toISOString(), errors };
}

test("a node that breaks is rebooted, and removed if that does not mend it", ({ expect }) => {
  const first = planRepairs(NOTHING_KNOWN, [failed("a")], at(0));
  const tooSoon = planRepairs(first.ledger, [failed("a")], at(1));
  const second = planRepairs(first.ledger, [failed("a", at(3))], at(5));
  const third = planRepairs(second.ledger, [failed("a", at(3))], at(10));

  expect(first.result).toEqual({ ...NOTHING, reboot: [{ nodeId: "a", why: "its start task failed" }] });
  expect(tooSoon.result).toEqual(NOTHING);
  expect(second.result).toMatchObject({ ...NOTHING, remove: [{ nodeId: "a" }] });
  expect(third).toEqual({ ledger: second.ledger, result: NOTHING });
});

test("a node whose disk is full is removed at once, because a reboot keeps what is on it", ({ expect }) => {
  const { result } = planRepairs(NOTHING_KNOWN, [unusable("a", "DiskFull")], at(0));

  expect(result).toEqual({
    ...NOTHING,
    remove: [{ nodeId: "a", why: "it is unusable (DiskFull: no details)" }],
  });
});

test("an unusable node without an error is left to Batch for twenty minutes", ({ expect }) => {
  expect(planRepairs(NOTHING_KNOWN, [unusable("a")], at(19)).result).toEqual(NOTHING);
  expect(planRepairs(NOTHING_KNOWN, [unusable("a")], at(20)).result).toMatchObject({ reboot: [{ nodeId: "a" }] });
  expect(planRepairs(NOTHING_KNOWN, [unusable("a", "NodeProblem")], at(0)).result).toMatchObject({
    reboot: [{ nodeId: "a" }],
  });
});

test("at most three nodes are repaired at a time, those that broke first", ({ expect }) => {
  const broken = [3, 1, 4, 2].map((minute) => failed(`since-${minute}`, at(minute)));

  const { result } = planRepairs(NOTHING_KNOWN, broken, at(5));

  expect(result.reboot.map(({ nodeId }) => nodeId)).toEqual(["since-1", "since-2", "since-3"]);
  expect(result.postponed).toBe(1);
});

test("where every node breaks again, ten are repaired, and then one an hour, with the reason in the status", ({
  expect,
}) => {
  let ledger = NOTHING_KNOWN;
  const repairedAt: number[] = [];
  const said = new Set<string | null>();
  for (let minute = 0; minute < 12 * 60; minute += 5) {
    // Each time all the nodes are new ones.
    const broken = ["a", "b", "c", "d"].map((name) => failed(`${name}-${minute}`, at(minute)));
    const planned = planRepairs(ledger, broken, at(minute));
    ledger = planned.ledger;
    repairedAt.push(...planned.result.reboot.map(() => minute));
    said.add(describeRepairs(ledger, at(minute))?.replace(/\d+/, "N") ?? null);
  }

  expect(repairedAt.slice(0, 10)).toEqual([0, 0, 0, 5, 5, 5, 10, 10, 10, 15]);
  expect(repairedAt.slice(10)).toEqual(Array.from({ length: 11 }, (_, hour) => 75 + hour * 60));
  expect([...said]).toEqual([
    "N nodes were rebooted",
    "repairing N nodes in a day has not helped, so only one an hour is tried until the cause is mended",
  ]);
});
