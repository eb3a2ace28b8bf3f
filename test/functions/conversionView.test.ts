import type { DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { test } from "vitest";
import { viewOf } from "../../src/functions/http/conversionView.ts";

const source = { container: "input", name: "a.mp4", eTag: "0x1" };

test("a run that has not begun yet shows its own attempt, so a retry never counts from an older one", ({ expect }) => {
  const instance = {
    createdTime: new Date(),
    lastUpdatedTime: new Date(),
    input: { workload: "mp3", source, firstAttempt: 4 },
    output: null,
    customStatus: null,
    runtimeStatus: OrchestrationRuntimeStatus.Terminated,
  } as unknown as DurableOrchestrationStatus;

  expect(viewOf("0123", instance)).toMatchObject({ status: "cancelled", attempt: 4 });
});
