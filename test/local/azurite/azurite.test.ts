import { test } from "vitest";
import { azuriteConnectionString } from "../../../src/local/azurite/azurite.ts";
import { createReadyReader } from "../../../src/local/azurite/readyLines.ts";

test("Azurite is ready once all three services listen, on the ports they name", ({ expect }) => {
  const read = createReadyReader();

  const answers = [
    "Azurite Blob service is starting at http://127.0.0.1:0",
    "Azurite Blob service is successfully listening at http://127.0.0.1:4001",
    "Azurite Queue service is successfully listening at http://127.0.0.1:4002",
    "Azurite Table service is successfully listening at http://127.0.0.1:4003",
  ].map(read);

  expect(answers).toEqual([undefined, undefined, undefined, { blob: 4001, queue: 4002, table: 4003 }]);
});

test("the connection string names every endpoint", ({ expect }) => {
  expect(azuriteConnectionString({ blob: 1, queue: 2, table: 3 })).toMatch(
    /;BlobEndpoint=http:\/\/127\.0\.0\.1:1\/devstoreaccount1;QueueEndpoint=http:\/\/127\.0\.0\.1:2\/devstoreaccount1;TableEndpoint=http:\/\/127\.0\.0\.1:3\/devstoreaccount1;$/,
  );
});
