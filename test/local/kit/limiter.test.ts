import { test } from "vitest";
import { Limiter } from "../../../src/local/kit/limiter.ts";

test("jobs run in order, no more at once than allowed, even after a failure, and idleness is reported once", async ({
  expect,
}) => {
  let running = 0;
  let most = 0;
  let idle = 0;
  const order: number[] = [];
  const limiter = new Limiter(2, () => idle++);

  const results = await Promise.allSettled(
    [1, 2, 3, 4, 5].map((n) =>
      limiter.run(async () => {
        most = Math.max(most, ++running);
        order.push(n);
        await new Promise(setImmediate);
        running--;
        if (n === 1) throw new Error("first");
        return n;
      }),
    ),
  );

  expect({ most, idle, order }).toEqual({ most: 2, idle: 1, order: [1, 2, 3, 4, 5] });
  expect(results.map((result) => (result.status === "fulfilled" ? result.value : "failed"))).toEqual([
    "failed",
    2,
    3,
    4,
    5,
  ]);
});

test("a job that throws before its first await counts as failed and frees its place", async ({ expect }) => {
  const limiter = new Limiter(1);
  const fails = (): Promise<never> => {
    throw new Error("at once");
  };

  await expect(limiter.run(fails)).rejects.toThrow("at once");

  expect(await limiter.run(async () => "next")).toBe("next");
});

test("closing the limiter drops the jobs that wait and lets the others finish", async ({ expect }) => {
  const limiter = new Limiter(1);
  const done: string[] = [];
  const first = limiter.run(async () => {
    await new Promise(setImmediate);
    done.push("first");
  });
  void limiter.run(async () => void done.push("second"));

  limiter.close();
  await first;

  expect(done).toEqual(["first"]);
});
