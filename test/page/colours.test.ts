import { readFileSync } from "node:fs";
import { test } from "vitest";

/** What WCAG 2.2 asks of text, https://www.w3.org/TR/WCAG22/#contrast-minimum, and of what one acts with. */
const [TEXT, CONTROL] = [4.5, 3];

const SCHEMES = [...readFileSync("src/page/page.css", "utf8").matchAll(/:root \{([^}]*)\}/g)].map(([, block = ""]) =>
  Object.fromEntries([...block.matchAll(/--([\w-]+): (#[\da-f]{6})/g)].map(([, name, colour]) => [name, colour])),
);

test.for([
  ["ink", "ground", TEXT],
  ["ink", "paper", TEXT],
  ["ink-quiet", "ground", TEXT],
  ["ink-quiet", "paper", TEXT],
  ["accent", "paper", TEXT],
  ["accent", "accent-soft", TEXT],
  ["accent-ink", "accent", TEXT],
  ["bad", "paper", TEXT],
  ["bad", "bad-soft", TEXT],
  ["line-strong", "paper", CONTROL],
  ["line-strong", "ground", CONTROL],
] as const)("%s on %s has a contrast of at least %d, in light and in dark", ([front, back, least], { expect }) => {
  expect(SCHEMES).toHaveLength(2);
  for (const colours of SCHEMES) {
    expect(contrast(colours[front] ?? "", colours[back] ?? "")).toBeGreaterThanOrEqual(least);
  }
});

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [one, other].map(luminance).toSorted((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
