import { test } from "vitest";
import { readHubFaults } from "../../../../src/local/functionsHost/durable/hubFaults.ts";

test("without FUNCTIONS_HOST_FAULTS the hub runs by the real clock and without faults", ({ expect }) => {
  const { clock, ...others } = readHubFaults("");

  expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
  expect(others).toEqual({});
});

test("a virtual clock jumps to the next timer as soon as nothing else is left to do", ({ expect }) => {
  const { clock, onIdle } = readHubFaults('{"virtualClock":true}');
  const dueAt = clock.now() + 3_600_000;
  const firedAt: number[] = [];
  clock.at(dueAt, () => firedAt.push(clock.now()));

  onIdle?.();

  expect(firedAt).toEqual([dueAt]);
});

test.for([
  ["{deliverTwice}", "it: Invalid JSON"],
  ['{"deliverTwise":true}', "deliverTwise: Invalid key"],
  ['{"crash":{"when":"during","commit":1}}', "crash.when: Invalid type"],
])("%s is refused with what is wrong with it", ([text, problem], { expect }) => {
  expect(() => readHubFaults(text)).toThrow(`FUNCTIONS_HOST_FAULTS is not valid: ${problem}`);
});
