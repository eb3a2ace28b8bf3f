import fc from "fast-check";
import { test } from "vitest";
import { durationMs, formatDuration, parseDuration } from "../../../src/local/batchEmulator/duration.ts";

test.for([
  ["P3Y6M4DT12H30M5S", "P1279DT12H30M5S"],
  ["PT90S", "PT1M30S"],
  ["PT24H", "P1D"],
  ["P1W", "P7D"],
  ["PT0S", "PT0S"],
  ["PT0.5000S", "PT0.5S"],
  ["P10675199DT2H48M5.4775807S", "P10675199DT2H48M5.4775807S"],
] as const)("the duration %s comes back as %s", ([given, expected], { expect }) => {
  expect(formatDuration(parseDuration(given) ?? -1n)).toBe(expected);
});

test.for(["", "P", "PT", "30 minutes", "P1DT", "-PT1S", "P10675200D", "PT1.2.3S"])(
  'the text "%s" is no duration',
  (text, { expect }) => {
    expect(parseDuration(text)).toBeUndefined();
  },
);

test("every duration is read back as it was written", ({ expect }) => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (ticks) => {
      expect(parseDuration(formatDuration(ticks))).toBe(ticks);
    }),
  );
});

test("the longest duration means for ever", ({ expect }) => {
  expect(durationMs("P10675199DT2H48M5.4775807S")).toBe(Number.POSITIVE_INFINITY);
  expect(durationMs("PT1.5S")).toBe(1500);
});
