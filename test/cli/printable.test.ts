import { test } from "vitest";
import { formatBytes, formatSeconds, printable } from "../../src/cli/printable.ts";

test("what could mess up a terminal is written out, the rest stays", ({ expect }) => {
  expect(printable("\u001B[2J\r\n\u0007\u202Egpj.mp4")).toBe("\\u{1b}[2J\\u{d}\\u{a}\\u{7}\\u{202e}gpj.mp4");
  expect(printable("Größe 日本 🎬.mp4")).toBe("Größe 日本 🎬.mp4");
});

test("sizes and times are short", ({ expect }) => {
  expect([0, 999, 1_000, 999_499, 999_500, 3_400_000, 4_294_967_296].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1 kB",
    "999 kB",
    "1.0 MB",
    "3.4 MB",
    "4.29 GB",
  ]);
  expect([0, 1_234, 59_940, 61_000, 3_725_000].map(formatSeconds)).toEqual([
    "0.0 s",
    "1.2 s",
    "59.9 s",
    "1 min 1 s",
    "1 h 2 min 5 s",
  ]);
});
