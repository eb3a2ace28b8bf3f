import type { DurableClient } from "durable-functions";
import { test } from "vitest";
import { findInstance } from "../../src/upkeep/instances.ts";

test("a status that never comes is an error, so that whoever asks can go on with the others", async ({ expect }) => {
  const client = { getStatus: () => new Promise(() => {}) } as unknown as DurableClient;

  await expect(findInstance(client, "abc", { boundMs: 10 })).rejects.toThrow(
    "The Durable extension has not said what instance abc does in 0.01 s",
  );
});
