import { test } from "vitest";
import { parseConnectionString } from "../../../../src/local/functionsHost/triggers/connectionString.ts";

test("the queue endpoint is the one that is named, or follows from the account", ({ expect }) => {
  const key = "AccountKey=a2V5";

  expect(
    parseConnectionString(`AccountName=a;${key};QueueEndpoint=http://127.0.0.1:1/a/`, "STORAGE").queueEndpoint,
  ).toBe("http://127.0.0.1:1/a");
  expect(
    parseConnectionString(
      `AccountName=a;${key};DefaultEndpointsProtocol=https;EndpointSuffix=core.windows.net`,
      "STORAGE",
    ).queueEndpoint,
  ).toBe("https://a.queue.core.windows.net");
});

test("a broken connection string is named by its setting and never shown", ({ expect }) => {
  const error = (): unknown => parseConnectionString("AccountName=a;SharedAccessSignature=secret", "STORAGE");

  expect(error).toThrow("The connection string in STORAGE has no AccountName or no AccountKey");
  expect(error).not.toThrow("secret");
});
