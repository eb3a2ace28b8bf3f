import type { DurableOrchestrationStatus } from "durable-functions";
import { recordFailure } from "../activities/recordFailure.ts";
import type { Conversion } from "../model/conversion.ts";
import { failureOf } from "../model/failures.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { Services } from "../services.ts";

/**
 * Does what a terminated orchestration can no longer do: ends its task and leaves a record, which also keeps the sweep
 * from starting the conversion again. The task comes first, because the record says that nothing is left to do.
 */
export async function recordTermination(
  services: Services,
  conversionId: string,
  { workload, source }: Conversion,
  instance: DurableOrchestrationStatus,
): Promise<void> {
  const { input, attempt, progress } = contentsOf(instance);
  const submission = progress?.submission ?? null;
  if (submission !== null) await services.batch.terminateTask(submission.task);
  await recordFailure(services, {
    conversionId,
    workload,
    source,
    attempt,
    startedAt: input.startedAt ?? instance.createdTime.toISOString(),
    submission,
    completed: null,
    failure: failureOf("Cancelled", "Somebody terminated the orchestration"),
  });
}
