import { test } from "vitest";
import { decodeMessage, encodeMessage } from "../../../../src/local/functionsHost/storage/messageEncoding.ts";
import { openConnection } from "../../../../src/local/functionsHost/storage/connections.ts";

test("a message is base64 or raw text, as host.json says, and what is not base64 is not guessed at", ({ expect }) => {
  expect(decodeMessage("aMO8\naA==", "base64")).toBe("hüh");
  for (const text of ["hello!", "abc", '{"a":1}']) expect(decodeMessage(text, "base64")).toBeUndefined();
  expect(decodeMessage("hello!", "none")).toBe("hello!");
  expect(encodeMessage(Buffer.from("hüh"), "base64")).toBe("aMO8aA==");
  expect(encodeMessage(Buffer.from("hüh"), "none")).toBe("hüh");
});

test("a broken connection string is named by its setting and never shown", async ({ expect }) => {
  const connection = openConnection({ connection: "MY" }, { MY: "AccountName=a;NoKey=secret" }, "Function f");

  for (const open of [connection.queues, connection.blobs]) {
    const error = await open().catch((reason: unknown) => reason);
    expect(String(error)).toContain("The connection string in MY cannot be read");
    expect(String(error)).not.toContain("secret");
  }
});
