import { HttpHeaders } from "@azure/ms-rest-js";
import { test } from "vitest";
import { Gate, GateClosedError, retryAfterSeconds } from "../../src/azure/batch/gate.ts";

/** A gate whose time passes only while somebody waits for it. */
function gateAt(random: number) {
  let nowMs = 0;
  const waits: number[] = [];
  const sleep = async (milliseconds: number): Promise<void> => {
    waits.push(milliseconds);
    nowMs += milliseconds;
  };
  const gate = new Gate({ now: () => nowMs, sleep, random: () => random });
  return { gate, waits, passTime: (seconds: number) => (nowMs += seconds * 1000) };
}

test("an open gate lets requests pass at once", async ({ expect }) => {
  const { gate, waits } = gateAt(0);

  await gate.pass();

  expect(waits).toEqual([]);
});

test("who comes while the gate is closed for a moment waits for it, and a little longer than the others", async ({
  expect,
}) => {
  const { gate, waits } = gateAt(0.5);
  gate.closeFor(1);

  await gate.pass();

  expect(waits).toEqual([1250]);
});

test("who comes while it is closed for longer fails at once, and learns when to come back", async ({ expect }) => {
  const { gate, waits, passTime } = gateAt(0.5);
  gate.closeFor(30);
  passTime(10);

  const error = await gate.pass().catch((thrown: unknown) => thrown);

  expect(error).toBeInstanceOf(GateClosedError);
  expect(error).toMatchObject({ statusCode: 429, retryAfterSeconds: 25 });
  expect(waits).toEqual([]);
});

test("a gate that is closed again while somebody waits keeps nobody for longer than two seconds", async ({
  expect,
}) => {
  let nowMs = 0;
  const gate: Gate = new Gate({
    now: () => nowMs,
    sleep: async (milliseconds) => {
      nowMs += milliseconds;
      gate.closeFor(1);
    },
    random: () => 0,
  });
  gate.closeFor(1);

  await expect(gate.pass()).rejects.toThrow(GateClosedError);
  expect(nowMs).toBeLessThanOrEqual(2000);
});

test("a shorter refusal does not open the gate before a longer one is over", async ({ expect }) => {
  const { gate, passTime } = gateAt(0);
  gate.closeFor(30);
  gate.closeFor(1);
  passTime(5);

  await expect(gate.pass()).rejects.toThrow("25 s are left");
  passTime(25);
  await gate.pass();
});

test.for([
  ["30", 30],
  ["0", 0],
  ["Thu, 01 Jan 2026 12:00:20 GMT", 20],
  ["Thu, 01 Jan 2026 11:00:00 GMT", 0],
  ["86400", 300],
  ["soon", undefined],
  [undefined, undefined],
] as const)("Retry-After: %s is a pause of %s s", ([value, seconds], { expect }) => {
  const headers = new HttpHeaders({ date: "Thu, 01 Jan 2026 12:00:00 GMT", ...(value && { "Retry-After": value }) });

  expect(retryAfterSeconds(headers)).toBe(seconds);
});
