import fc from "fast-check";
import { test } from "vitest";
import { matchesGlob, parseGlob } from "../../../src/local/batchEmulator/runner/glob.ts";

function matches(pattern: string, path: string): boolean {
  const { fixed, wild } = parseGlob(pattern);
  const prefix = fixed.join("/");
  if (wild === undefined) return path === prefix;
  if (prefix !== "" && !path.startsWith(`${prefix}/`)) return false;
  return matchesGlob(wild, prefix === "" ? path : path.slice(prefix.length + 1));
}

test.for([
  ["*.txt", "a.txt", true],
  ["*.txt", "b/a.txt", false],
  ["*.txt", ".txt", false],
  [".*", ".hidden", true],
  ["**/*.txt", "a.txt", true],
  ["**/*.txt", "x/y/a.txt", true],
  ["**/*.txt", ".git/a.txt", false],
  ["out/**", "out/x/y", true],
  ["out/**", "other/x", false],
  ["out/**", "out/.x/y", false],
  ["a?c", "abc", true],
  ["a?c", "a/c", false],
  ["[abc]x", "bx", true],
  ["[a-c]x", "dx", false],
  ["[!a-c]x", "dx", true],
  ["[!a-c]x", "ax", false],
  ["a[*]b", "a*b", true],
  ["a[*]b", "axb", false],
  ["a[]]b", "a]b", true],
  ["a[", "a[", true],
  ["a[*", "a[b", true],
  ["[!]]x", "ax", true],
  ["[!]]x", "]x", false],
  ["[c-a]x", "bx", false],
  ["[a-]x", "-x", true],
  ["?x", "\u{1F3B5}x", true],
  ["out/*/**", "out/x", false],
  ["**/**/x", "x", true],
  ["**/a/**/b", "a/.h/a/b", false],
  ["**/.h/**/b", "a/.h/b", true],
  ["x+(1).mp3", "x+(1).mp3", true],
  ["wd/**/*.mp3", "wd/a/b/c.mp3", true],
] as const)("%s against %s is %s", ([pattern, path, expected], { expect }) => {
  expect(matches(pattern, path)).toBe(expected);
});

/** Each would keep a matcher that tries one way after the other busy for longer than the universe is old. */
test.for([
  ["stars in a name", `${"*a".repeat(100)}b`, "a".repeat(250), false],
  ["stars in a name that fits", `${"*a".repeat(100)}*`, "a".repeat(250), true],
  ["question marks and stars", `${"?*".repeat(100)}b`, "a".repeat(250), false],
  ["folders in a path", `${"**/a/".repeat(100)}b`, "a/".repeat(1000) + "c", false],
  ["folders one after the other", `${"**/".repeat(1000)}b`, "a/".repeat(1000) + "c", false],
  ["stars in a path", `**/${"*a/**/".repeat(100)}b`, "aa/".repeat(1000) + "c", false],
  ["opening brackets", `${"[".repeat(500_000)}*`, "a", false],
] as const)("a pattern that explodes is decided all the same: %s", ([, pattern, path, expected], { expect }) => {
  expect(matches(pattern, path)).toBe(expected);
});

const name = fc.stringMatching(/^[a-z0-9+()^$|{}-]{1,8}$/);
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));

test("every path matches itself, its wildcards and the pattern for all files", ({ expect }) => {
  fc.assert(
    fc.property(path, (text) => {
      const names = text.split("/");
      expect(matches(text, text)).toBe(true);
      expect(matches(names.map(() => "*").join("/"), text)).toBe(true);
      expect(matches("**/*", text)).toBe(true);
      expect(matches(`**/${names.at(-1)?.slice(0, 1)}*`, text)).toBe(true);
      expect(matches(`${names.map(() => "*").join("/")}/*`, text)).toBe(false);
    }),
  );
});

test("no pattern breaks the matcher", ({ expect }) => {
  fc.assert(
    fc.property(fc.string(), path, (pattern, text) => {
      expect(typeof matches(pattern, text)).toBe("boolean");
    }),
  );
});
