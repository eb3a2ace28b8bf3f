import { test } from "vitest";
import { parseBlobPath } from "../../../../src/local/functionsHost/triggers/blobPath.ts";

test("a token takes a whole name, folders and all", ({ expect }) => {
  const pattern = parseBlobPath("input/{name}", "fn");

  expect(pattern.container).toBe("input");
  expect(pattern.match("a.b/x y.mp4")).toEqual({ name: "a.b/x y.mp4" });
});

test("fixed parts must fit, and what comes first is the prefix of the listing", ({ expect }) => {
  const pattern = parseBlobPath("input/talks/{name}.{extension}", "fn");

  expect(pattern.prefix).toBe("talks/");
  expect(pattern.match("talks/intro.mp4")).toEqual({ name: "intro", extension: "mp4" });
  expect(pattern.match("other/intro.mp4")).toBeUndefined();
});

test("an invalid container name is reported", ({ expect }) => {
  expect(() => parseBlobPath("In_put/{name}", "convert")).toThrow('Function convert has the blob path "In_put/{name}"');
});
