import { test } from "vitest";
import { parseSizes } from "./sizes.ts";

test("a list of sizes is read in its order", ({ expect }) => {
  expect(parseSizes("60x3, 6x600")).toEqual([
    { files: 60, seconds: 3 },
    { files: 6, seconds: 600 },
  ]);
});

test.for(["", "60", "0x3", "3x0", "x", "2x3,", "1001x3"])('the sizes "%s" are refused', (text, { expect }) => {
  expect(() => parseSizes(text)).toThrow(expect.objectContaining({ code: "WrongUsage" }));
});
