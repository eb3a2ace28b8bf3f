import type { DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { test } from "vitest";
import { viewOf } from "../../src/functions/http/conversionView.ts";
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
  const instance = {
    createdTime: new Date(),
    lastUpdatedTime: new Date(),
    input: { version: ORCHESTRATION_VERSION - 1, workload: "mp3", source },
    output: "Orchestrator function 'convertBlob' failed",
    customStatus: { phase: "converting", percent: 50, attempt: 1, waitReason: null, submission: null },
    runtimeStatus: OrchestrationRuntimeStatus.Failed,
  } as unknown as DurableOrchestrationStatus;
  const view = viewOf("0123", instance);
  const dead = { ...instance, input: { ...(instance.input as object), version: ORCHESTRATION_VERSION } };

  expect(view).toMatchObject({ status: "running", phase: "converting", percent: 50, record: null });
  expect(view.waitReason).toBe("the app was upgraded, and will go on with it in a moment");
  expect(viewOf("0123", dead as DurableOrchestrationStatus)).toMatchObject({ status: "failed", phase: "finished" });
});
