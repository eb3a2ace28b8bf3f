import type { DurableOrchestrationStatus } from "durable-functions";
import { test } from "vitest";
import { contentsOf } from "../../src/orchestrations/contract.ts";
import { source, submission, workload } from "./conversion.ts";

test("what an instance of an earlier version has resumed with can still be looked at", ({ expect }) => {
  const watch = { submission, waitingSince: submission.submittedAt, convertingSince: null, waitReason: null };
  const input = { workload, source, firstAttempt: 1, resumed: { attempt: 2, watch } };
  const instance = { input, customStatus: null, output: null } as unknown as DurableOrchestrationStatus;

  expect(contentsOf(instance)).toMatchObject({ attempt: 1, progress: null });
});
