import { test } from "vitest";
import { BLOCK_BYTES, giveBackBlock, takeBlock } from "../../src/cli/convert/blockMemory.ts";

// Compared here, because what is compared by `expect` is written out first, all of it.
test("memory that was given back is used again, by one at a time", ({ expect }) => {
  const first = takeBlock(100);
  const second = takeBlock(BLOCK_BYTES);
  giveBackBlock(first);
  const [third, fourth] = [takeBlock(BLOCK_BYTES), takeBlock(1)];

  expect(third === first).toBe(true);
  expect(new Set([first, second, fourth]).size).toBe(3);
});

test("a block that is larger than usual gets memory of its own, which is not kept", ({ expect }) => {
  const large = takeBlock(BLOCK_BYTES + 1);
  giveBackBlock(large);

  expect(large.length).toBe(BLOCK_BYTES + 1);
  expect(takeBlock(BLOCK_BYTES) === large).toBe(false);
});
