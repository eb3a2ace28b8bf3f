import { test } from "vitest";
import { formatAgo, formatBytes, formatSeconds } from "../../src/page/format.ts";

test.for([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [12_345_678, "12.3 MB"],
  [456_000_000, "456 MB"],
  [7.2e12, "7.2 TB"],
  [9e15, "9000 TB"],
] as const)("%d bytes are %s", ([bytes, text], { expect }) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.for([
  [-1, "0 s"],
  [4.4, "4 s"],
  [150, "3 min"],
  [7_200, "2 h"],
  [7_500, "2 h 5 min"],
  [300_000, "3 days"],
] as const)("%d seconds are %s", ([seconds, text], { expect }) => {
  expect(formatSeconds(seconds)).toBe(text);
});

test("a time of today is told by how long ago it is, an older one by its date", ({ expect }) => {
  const now = new Date("2026-01-02T12:00:00.000Z");

  expect(formatAgo("2026-01-02T11:59:58.000Z", now)).toBe("just now");
  expect(formatAgo("2026-01-02T11:57:00.000Z", now)).toBe("3 min ago");
  expect(formatAgo("2025-12-24T12:00:00.000Z", now)).toMatch(/2025/);
});
