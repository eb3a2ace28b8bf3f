import { test } from "vitest";
import { printable, printableJson } from "../../../../src/local/kit/commandLine/printable.ts";

test("what could mess up a terminal is written out, the rest stays", ({ expect }) => {
  expect(printable("\u001B[2J\r\n\u0007\u202Egpj.mp4")).toBe("\\u{1b}[2J\\u{d}\\u{a}\\u{7}\\u{202e}gpj.mp4");
  expect(printable("a\u00ADb\u061Cc\u2060d\u180Ee\u200Bf\u2066g\uFEFF\u009B2J")).toBe(
    "a\\u{ad}b\\u{61c}c\\u{2060}d\\u{180e}e\\u{200b}f\\u{2066}g\\u{feff}\\u{9b}2J",
  );
  expect(printable("Größe 日本 🎬 هذا.mp4")).toBe("Größe 日本 🎬 هذا.mp4");
});

test("variation selectors, tags, fillers and half a character are written out as well", ({ expect }) => {
  expect(printable("a\uFE0Fb\u{E0041}c\u{E0101}d\u3164e\u034F\uD83C")).toBe(
    "a\\u{fe0f}b\\u{e0041}c\\u{e0101}d\\u{3164}e\\u{34f}\\u{d83c}",
  );
});

test("JSON keeps its value and its layout without a character that a terminal obeys", ({ expect }) => {
  const value = { name: "\u001B[2J\u009B2J\u007F\u202Egpj\u{E0041}ü\n.mp4" };

  const text = printableJson(value, 2);

  expect(text).toBe('{\n  "name": "\\u001b[2J\\u009b2J\\u007f\\u202egpj\\udb40\\udc41ü\\n.mp4"\n}');
  expect(JSON.parse(text)).toEqual(value);
});
