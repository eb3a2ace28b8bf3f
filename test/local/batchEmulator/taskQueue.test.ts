import fc from "fast-check";
import { test } from "vitest";
import { TaskQueue } from "../../../src/local/batchEmulator/model/taskQueue.ts";

test("a queue holds what a set would hold, in the same order", ({ expect }) => {
  const step = fc.tuple(fc.boolean(), fc.nat(30));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const queue = new TaskQueue<number>();
      const set = new Set<number>();
      for (const [isAdd, item] of steps) {
        if (isAdd) {
          queue.add(item);
          set.add(item);
        } else {
          queue.delete(item);
          set.delete(item);
        }
        expect(queue.size).toBe(set.size);
      }
      expect([...queue]).toEqual([...set]);
    }),
  );
});
