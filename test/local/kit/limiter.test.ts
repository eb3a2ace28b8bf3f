import { test } from "vitest";
import { createSemaphore } from "../../../src/local/kit/limiter.ts";

test("no more run at once than allowed, and all run, also after a failure", async ({ expect }) => {
  const limited = createSemaphore(2);
  let running = 0;
  let most = 0;

  const results = await Promise.allSettled(
    [1, 2, 3, 4, 5].map((n) =>
      limited(async () => {
        most = Math.max(most, ++running);
        await new Promise(setImmediate);
        running -= 1;
        if (n === 1) throw new Error("first");
        return n;
      }),
    ),
  );

  expect(most).toBe(2);
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : "failed"))).toEqual([
    "failed",
    2,
    3,
    4,
    5,
  ]);
});
