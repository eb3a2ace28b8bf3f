import { readFileSync } from "node:fs";
import { onTestFinished, test } from "vitest";
import { StackUnderTest } from "./stackUnderTest.ts";

const SAMPLE = readFileSync("test/fixtures/media/sample.mp4");
const IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/node";

/** The pool of this stack was deployed, so that its nodes have an identity. */
test("a video that waits for quota says so, is converted once somebody has mended that, and needs no signed URL", async ({
  expect,
}) => {
  const stack = await StackUnderTest.start(
    { BATCH_NODE_IDENTITY_ID: IDENTITY },
    { batchFaults: { resizes: [{ code: "AccountCoreQuotaReached", message: "No cores are left", times: 1 }] } },
  );
  onTestFinished(() => stack.stop());
  const id = await stack.upload("talk.mp4", SAMPLE);

  const waiting = await stack.viewWhen(id, ({ waitReason }) => waitReason?.includes("QuotaReached") ?? false);
  expect(waiting).toMatchObject({ status: "running", phase: "waiting", attempt: 1, record: null });
  expect(waiting.waitReason).toMatch(/AccountCoreQuotaReached: No cores are left; it is next$/);
  expect(Date.parse(waiting.waitingSince ?? "")).toBeLessThan(Date.parse(waiting.updatedAt));

  const client = stack.batchClient();
  const task = await client.task.get("mp3drop", `${id}-1`);
  const identityReference = { resourceId: IDENTITY };
  expect(task.resourceFiles).toMatchObject([{ identityReference }, { identityReference }]);
  expect(JSON.stringify([task.resourceFiles, task.outputFiles])).not.toContain("sig=");

  await client.pool.resize("mp3drop", { targetDedicatedNodes: 1 });
  expect(await stack.recordOf("talk.mp4", id)).toMatchObject({ status: "succeeded", attempts: 1 });
});
