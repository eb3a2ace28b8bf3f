import { test } from "vitest";
import { Limiter } from "../../../src/local/kit/limiter.ts";

test("jobs run in their order, no more at once than allowed, also after a failure, and the end is noticed once", async ({
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

test("a job that throws before it waits counts as failed, and its place becomes free", async ({ expect }) => {
  const limiter = new Limiter(1);
  const fails = (): Promise<never> => {
    throw new Error("at once");
  };

  await expect(limiter.run(fails)).rejects.toThrow("at once");

  expect(await limiter.run(async () => "next")).toBe("next");
});

test("what waits when the limiter is closed does not run, what runs goes on", async ({ expect }) => {
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
