import type { DurableClient } from "durable-functions";
import { test } from "vitest";
import { findInstance, startInstance } from "../src/durableClient.ts";

test("a status that never comes is an error, so that whoever asks can go on with the others", async ({ expect }) => {
  const client = { getStatus: () => new Promise(() => {}) } as unknown as DurableClient;

  await expect(findInstance(client, "abc", { boundMs: 10 })).rejects.toThrow(
    "The Durable extension has not said what instance abc does in 0.01 s",
  );
});

test("a start that is never answered is an error, unless there is an instance as good", async ({ expect }) => {
  const unanswered = { startNew: () => new Promise(() => {}), getStatus: () => Promise.resolve({ instanceId: "abc" }) };
  const client = unanswered as unknown as DurableClient;
  const start = (isGood: boolean): Promise<void> =>
    startInstance(client, "tellEnd", { instanceId: "abc" }, () => isGood, { boundMs: 10 });

  await expect(start(true)).resolves.toBeUndefined();
  await expect(start(false)).rejects.toThrow("The Durable extension has not started instance abc in 0.01 s");
});
