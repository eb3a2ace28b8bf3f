import { test } from "vitest";
import type { Refusal } from "../../src/functions/http/answers.ts";
import {
  goingOn,
  readContinuation,
  readLimit,
  readSince,
  readStatuses,
  writeContinuation,
} from "../../src/functions/http/filters.ts";
import { whyBadName } from "../../src/functions/http/uploadNames.ts";
import { blockBytesFor, secondsFor } from "../../src/functions/http/uploadSizes.ts";
import { StorageError } from "../../src/model/errors.ts";

test("a continuation leads back to its place, and no other text does", ({ expect }) => {
  const place = { from: "token", after: "conversions/1-a" };

  expect(readContinuation(writeContinuation(place))).toEqual(place);
  expect(readContinuation(null)).toEqual({ from: null, after: null });
  expect(writeContinuation(undefined)).toBeNull();
  for (const other of ["{}", "[1,2]", "null", '["a"]']) {
    expect(() => readContinuation(Buffer.from(other).toString("base64url")), other).toThrow("continuation must be");
  }
});

test("a place that storage no longer understands is the caller's to give up, any other failure is not", async ({
  expect,
}) => {
  const refusal = new StorageError("Refused", { code: "OutOfRangeInput", statusCode: 400 });
  const away = new StorageError("Away", { code: "ServerBusy", statusCode: 503 });

  await expect(goingOn({ from: "old", after: null }, Promise.reject(refusal))).rejects.toMatchObject({
    status: 400,
    code: "BadFilter",
  } satisfies Partial<Refusal>);
  await expect(goingOn({ from: "old", after: null }, Promise.reject(away))).rejects.toBe(away);
  await expect(goingOn({ from: null, after: null }, Promise.reject(refusal))).rejects.toBe(refusal);
});

test("filters are read as they are written, and what is left out is any", ({ expect }) => {
  expect(readStatuses("failed, cancelled")).toEqual(["failed", "cancelled"]);
  expect([readStatuses(null), readStatuses(""), readSince(""), readLimit(null)]).toEqual([
    undefined,
    undefined,
    undefined,
    50,
  ]);
  expect(readSince("2026-01-31T18:00:00+02:00")?.toISOString()).toBe("2026-01-31T16:00:00.000Z");
  expect(() => readSince("2026-31-01")).toThrow("since must be");
});

test.for(["talks/intro.mp4", "Käse & Brot #1?.mp4", "語".repeat(1020), "a b/c%20d.mp4", ".hidden.mp4", "🎵.mp4"])(
  "a file may be called %s",
  (name, { expect }) => {
    expect(whyBadName(name)).toBeUndefined();
  },
);

test.for([
  ["..", "ends with a dot"],
  ["a/./b.mp4", "ends with a dot"],
  ["a/b.", "ends with a dot"],
  ["a//b.mp4", "two of them in a row"],
  ["folder/", "begins or ends with /"],
  ["a\nb.mp4", "control character"],
  ["a\u0085b.mp4", "control character"],
  ["a\uD800.mp4", "half a character"],
  ["x".repeat(1025), "1025 characters"],
  ["a/".repeat(254) + "b", "255 folders"],
])("a file may not be called %j", ([name = "", why = ""], { expect }) => {
  expect(whyBadName(name)).toContain(why);
});

test("blocks are as many as storage takes at most, and the right to upload lasts as long as a slow line needs", ({
  expect,
}) => {
  const terabyte = 1e12;
  expect(blockBytesFor(1)).toBe(8 * 1024 ** 2);
  expect(terabyte / blockBytesFor(terabyte)).toBeLessThanOrEqual(50_000);
  expect([secondsFor(1), secondsFor(1e9)]).toEqual([3601, 3600 + Math.ceil(1e9 / 65_536)]);
  expect(secondsFor(terabyte)).toBe(6 * 24 * 3600);
});
