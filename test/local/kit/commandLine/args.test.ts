import { test } from "vitest";
import { parseNumber, parseOptions } from "../../../../src/local/kit/commandLine/args.ts";
import { closestTo } from "../../../../src/local/kit/commandLine/closest.ts";

const OPTIONS = { "blob-port": { type: "string" }, json: { type: "boolean" } } as const;
const PORT = { min: 0, max: 65_535, isWhole: true, hint: "0 means any free port." };

test("an unknown option is refused and the nearest one named", ({ expect }) => {
  expect(() => parseOptions("mp3drop local", ["--blobport", "1"], OPTIONS)).toThrow(
    expect.objectContaining({
      code: "WrongUsage",
      message: "Unknown option '--blobport'",
      hint: "Did you mean --blob-port? See `mp3drop local --help`.",
    }),
  );
});

test("for an option that resembles none, the hint just points to the help", ({ expect }) => {
  expect(() => parseOptions("mp3drop local", ["--frobnicate"], OPTIONS)).toThrow(
    expect.objectContaining({ hint: "See `mp3drop local --help`." }),
  );
});

test("names that begin with a dash can follow two dashes", ({ expect }) => {
  expect(parseOptions("mp3drop convert", ["--json", "--", "-odd.mp4"], OPTIONS).positionals).toEqual(["-odd.mp4"]);
});

test("a port is a whole number in its range", ({ expect }) => {
  expect(parseNumber("--blob-port", "10000", PORT)).toBe(10_000);
  for (const wrong of ["-1", "65536", "1.5", "ten", "", "0x10"]) {
    expect(() => parseNumber("--blob-port", wrong, PORT)).toThrow(`not "${wrong}"`);
  }
});

test("the closest word is found within a third of the letters", ({ expect }) => {
  expect(closestTo("lokal", ["convert", "local"])).toBe("local");
  expect(closestTo("delete", ["convert", "local"])).toBeUndefined();
});
