import { test } from "vitest";
import { silenceBoundMs } from "../../src/page/blockUpload.ts";

const MINUTE_MS = 60_000;

test("a small request may be silent for a minute, and one of 8 MiB for as long as half a megabit takes besides", ({
  expect,
}) => {
  expect(silenceBoundMs(100)).toBeCloseTo(MINUTE_MS, -2);
  // It may wait for one of the browser's six connections, or a proxy has all of it and sends it on.
  expect(silenceBoundMs(8 * 1024 ** 2)).toBeGreaterThan(3 * MINUTE_MS);
});
