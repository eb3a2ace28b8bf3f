import { RestError } from "@azure/storage-blob";
import { test } from "vitest";
import { systemReason } from "../../src/cli/convert/systemReason.ts";

test("an answer of the storage that gives no reason is told by its status", ({ expect }) => {
  expect(systemReason(new RestError("", { statusCode: 500 }))).toBe("the storage answered with status 500");
});

test("a reason of the storage is told in its first line", ({ expect }) => {
  expect(systemReason(new RestError("The lease is lost.\nRequestId:1", { statusCode: 412 }))).toBe(
    "The lease is lost.",
  );
});
