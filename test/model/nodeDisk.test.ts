import { test } from "vitest";
import { temporaryDiskBytes, whyTooLarge } from "../../src/model/nodeDisk.ts";

const GIB = 1024 ** 3;

test("sizes with a temporary disk have the one that Azure's tables say", ({ expect }) => {
  const gib = (size: string): number => (temporaryDiskBytes(size) ?? 0) / GIB;

  expect(gib("standard_d2ds_v5")).toBe(75);
  expect(gib("STANDARD_D96ds_v5")).toBe(3600);
  expect(gib("Standard_D4ads_v5")).toBe(150);
  expect(gib("standard_d64d_v4")).toBe(2400);
  expect(gib("standard_d8ds_v6")).toBe(440);
  expect(gib("standard_d2ads_v6")).toBe(110);
});

test("of other sizes nothing is known", ({ expect }) => {
  const others = ["standard_d2s_v5", "standard_d16ds_v6", "standard_nv6ads_a10_v5", "standard_d2ds_v50", "custom"];

  expect(others.map(temporaryDiskBytes)).toEqual(others.map(() => undefined));
});

test("inputs in all slots, each with a quarter more for its result, leave a tenth of the disk free", ({ expect }) => {
  const node = { nodeDiskBytes: 100e9, taskSlotsPerNode: 2 };

  expect(whyTooLarge(node, 36e9)).toBeUndefined();
  expect(whyTooLarge(node, 36e9 + 1)).toBeDefined();
  expect(whyTooLarge({ ...node, taskSlotsPerNode: 1 }, 72e9)).toBeUndefined();
});

test("a file that is too large is refused with the figures, and with what to do", ({ expect }) => {
  const node = { nodeDiskBytes: temporaryDiskBytes("standard_d2ds_v5"), taskSlotsPerNode: 2 };

  expect(whyTooLarge(node, 41e9)).toEqual({
    code: "InputTooLarge",
    message: "The file has 41.0 GB; a node with a disk of 80.5 GB and 2 slots takes up to 29.0 GB",
    hint: expect.stringMatching(/BATCH_VM_SIZE .*BATCH_TASK_SLOTS_PER_NODE.*NODE_DISK_GB/),
  });
});

test("on a disk of unknown size no file is too large", ({ expect }) => {
  expect(whyTooLarge({ nodeDiskBytes: undefined, taskSlotsPerNode: 2 }, 1e15)).toBeUndefined();
});
