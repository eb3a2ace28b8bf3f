import { test } from "vitest";
import { VirtualClock } from "../../../../src/local/kit/virtualClock.ts";
import { withTimeout } from "../../../../src/local/functionsHost/worker/timeout.ts";

test("a function that takes longer than functionTimeout has failed", async ({ expect }) => {
  const clock = new VirtualClock(0);

  const call = withTimeout(clock, 300_000, "convert", () => new Promise(() => undefined));
  clock.jumpToNext();

  await expect(call).rejects.toThrow(
    "Timeout value of 300 s (functionTimeout in host.json) was exceeded by function convert",
  );
});

test("a function that ends in time leaves no timer behind", async ({ expect }) => {
  const clock = new VirtualClock(0);

  expect(await withTimeout(clock, 300_000, "convert", async () => 1)).toBe(1);
  expect(clock.jumpToNext()).toBe(false);
});
