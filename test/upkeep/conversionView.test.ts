import type { DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { test } from "vitest";
import { viewOf } from "../../src/upkeep/conversionView.ts";
import { ORCHESTRATION_VERSION } from "../../src/orchestrations/contract.ts";

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

test("a conversion that an upgrade has ended has not failed: it goes on with the next sweep", ({ expect }) => {
  const begunWith = (version: number) =>
    ({
      createdTime: new Date(),
      lastUpdatedTime: new Date(),
      input: { version, workload: "mp3", source },
      output: "Orchestrator function 'convertBlob' failed",
      customStatus: null,
      runtimeStatus: OrchestrationRuntimeStatus.Failed,
    }) as unknown as DurableOrchestrationStatus;

  expect(viewOf("0123", begunWith(ORCHESTRATION_VERSION - 1))).toMatchObject({
    status: "running",
    waitReason: "the app was upgraded, and will go on with it in a moment",
    record: null,
  });
  expect(viewOf("0123", begunWith(ORCHESTRATION_VERSION))).toMatchObject({ status: "failed", phase: "finished" });
});
