import type { DurableOrchestrationStatus } from "durable-functions";
import { taskIdOf } from "../model/identity.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { Services } from "../services.ts";

/**
 * Ends whatever tasks this run of a conversion may have. Not all of them are in its status: one may have been added just
 * when the orchestration ended, and one of the attempt before may still be running.
 */
export async function endTasks({ batch }: Services, instance: DurableOrchestrationStatus): Promise<void> {
  const { input, attempt, renewals, progress } = contentsOf(instance);
  const job = progress?.submission?.task ?? (await batch.findJob());
  if (job === undefined) return;
  const { poolId, jobId } = job;
  for (let number = input.firstAttempt ?? 1; number <= attempt; number++) {
    for (let renewal = 0; renewal <= renewals; renewal++) {
      await batch.terminateTask({ poolId, jobId, taskId: taskIdOf(instance.instanceId, number, renewal) });
    }
  }
}
