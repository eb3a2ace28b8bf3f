import { test } from "vitest";
import { Limiter } from "../../../../src/local/functionsHost/durable/limiter.ts";

test("jobs run in their order, no more at a time than the limit, and the end is noticed once", async ({ expect }) => {
  let running = 0;
  let most = 0;
  let idle = 0;
  const order: number[] = [];
  const done = new Promise<void>((resolve) => {
    const limiter = new Limiter(2, () => {
      idle++;
      resolve();
    });
    for (let n = 0; n < 5; n++) {
      limiter.add(async () => {
        most = Math.max(most, ++running);
        order.push(n);
        await new Promise((next) => setImmediate(next));
        running--;
      });
    }
  });

  await done;

  expect({ most, idle, order }).toEqual({ most: 2, idle: 1, order: [0, 1, 2, 3, 4] });
});
