import { test } from "vitest";
import { normalizeETag } from "../../src/model/conversion.ts";
import { conversionIdOf } from "../../src/model/identity.ts";

const version = { container: "input", name: "talks/intro.mp4", eTag: "0x8DA1" };

test("the id of a conversion is 32 hex digits and differs by workload, container, name and ETag", ({ expect }) => {
  const ids = [
    conversionIdOf("mp3", version),
    conversionIdOf("topWords", version),
    conversionIdOf("mp3", { ...version, container: "input2" }),
    conversionIdOf("mp3", { ...version, name: "talks/intro.MP4" }),
    conversionIdOf("mp3", { ...version, eTag: "0x8DA2" }),
  ];

  expect(new Set(ids).size).toBe(5);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
  expect(conversionIdOf("mp3", { ...version })).toBe(ids[0]);
});

test.for(['"0x8DA1"', 'W/"0x8DA1"', "0x8DA1"])("the ETag %s is 0x8DA1", (eTag, { expect }) => {
  expect(normalizeETag(eTag)).toBe("0x8DA1");
});
