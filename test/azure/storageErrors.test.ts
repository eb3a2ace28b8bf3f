import { RestError } from "@azure/storage-blob";
import { test } from "vitest";
import { describeError } from "../../src/azure/storageErrors.ts";

test.for([
  ["LeaseIdMissing", 412],
  ["LeaseIdMismatchWithBlobOperation", 412],
  ["BlobImmutableDueToPolicy", 409],
  ["ContainerImmutableOperationNotAllowed", 409],
] as const)(
  "a blob that Azure Storage protects with %s is called locked, not changed",
  ([code, statusCode], { expect }) => {
    const refusal = new RestError("refused", { code, statusCode });

    expect(describeError("copy work/1/result to output/a.mp3", refusal)).toMatchObject({
      name: "StorageError",
      failureCode: "OutputLocked",
      message: `Azure Storage could not copy work/1/result to output/a.mp3: it is locked by a lease or an immutability policy (${code})`,
    });
  },
);

test.for([
  ["ConditionNotMet", 412],
  ["BlobAlreadyExists", 409],
] as const)("%s means that somebody else was faster", ([code, statusCode], { expect }) => {
  expect(describeError("write output/a.mp3.json", new RestError("no", { code, statusCode }))).toMatchObject({
    name: "ConflictError",
  });
});

test.for([
  [403, true],
  [404, true],
  [408, false],
  [429, false],
  [503, false],
  [undefined, false],
] as const)("a refusal with the status %s is final: %s", ([statusCode, isFinal], { expect }) => {
  const refusal = new RestError("no", statusCode === undefined ? {} : { statusCode });

  expect(describeError("copy a log", refusal)).toMatchObject({ isFinal });
});
