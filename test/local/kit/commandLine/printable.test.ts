import { test } from "vitest";
import { printable } from "../../../../src/local/kit/commandLine/printable.ts";

test("what could mess up a terminal is written out, the rest stays", ({ expect }) => {
  expect(printable("\u001B[2J\r\n\u0007\u202Egpj.mp4")).toBe("\\u{1b}[2J\\u{d}\\u{a}\\u{7}\\u{202e}gpj.mp4");
  expect(printable("a\u00ADb\u061Cc\u2060d\u180Ee")).toBe("a\\u{ad}b\\u{61c}c\\u{2060}d\\u{180e}e");
  expect(printable("Größe 日本 🎬.mp4")).toBe("Größe 日本 🎬.mp4");
});
