import { test } from "vitest";
import { printable } from "../../../../src/local/kit/commandLine/printable.ts";

test("what could mess up a terminal is written out, the rest stays", ({ expect }) => {
  expect(printable("\u001B[2J\r\n\u0007\u202Egpj.mp4")).toBe("\\u{1b}[2J\\u{d}\\u{a}\\u{7}\\u{202e}gpj.mp4");
  expect(printable("Größe 日本 🎬.mp4")).toBe("Größe 日本 🎬.mp4");
});
