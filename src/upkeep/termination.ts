import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { OrchestrationRuntimeStatus } from "durable-functions";
import { recordFailure } from "../activities/recordFailure.ts";
import type { ConversionEnd } from "../model/conversionLog.ts";
import { failureOf } from "../model/failures.ts";
import { taskIdOf } from "../model/identity.ts";
import { addSeconds, secondsBetween } from "../model/time.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { Services } from "../services.ts";
import { longestRunSeconds } from "./longestRun.ts";
import { findInstance } from "./starting.ts";

interface SettledTerminations {
  /** The conversions that were recorded as cancelled just now. */
  readonly ended: readonly ConversionEnd[];
  /** Why some could not be settled; the next sweep tries again. */
  readonly problems: readonly string[];
}

/**
 * Does what an orchestration that an operator terminated can no longer do: ends its tasks, and records the conversion
 * as cancelled. It asks Durable for such instances, because their blobs may be replaced or deleted, and their records
 * may be those of an earlier run.
 */
export async function settleTerminations(services: Services, client: DurableClient): Promise<SettledTerminations> {
  const { Canceled, Terminated } = OrchestrationRuntimeStatus;
  const listed = await client.getStatusBy({
    createdTimeFrom: addSeconds(services.now(), -longestRunSeconds(services.config)),
    runtimeStatus: [Terminated, Canceled],
  });
  const ended: ConversionEnd[] = [];
  const problems: string[] = [];
  for (const { instanceId } of listed) {
    try {
      const instance = await findInstance(client, instanceId);
      const end = instance && (await settle(services, instance));
      if (end !== undefined) ended.push(end);
    } catch (error) {
      problems.push(`terminated conversion ${instanceId}: ${String(error)}`);
    }
  }
  return { ended, problems };
}

/**
 * Ends whatever tasks this run of the conversion may have. Not all of them are in its status: one may have been added
 * just when the orchestration was terminated, and one of the attempt before may still be running.
 */
export async function endTasks({ batch, config }: Services, instance: DurableOrchestrationStatus): Promise<void> {
  const { input, attempt, progress } = contentsOf(instance);
  const job = progress?.submission?.task ?? { poolId: config.batch.poolId, jobId: config.batch.jobId };
  for (let number = input.firstAttempt ?? 1; number <= attempt; number++) {
    await batch.terminateTask({ ...job, taskId: taskIdOf(instance.instanceId, number) });
  }
}

/** The tasks come first: the record says that there is nothing left to do. Undefined if the record was there already. */
async function settle(services: Services, instance: DurableOrchestrationStatus): Promise<ConversionEnd | undefined> {
  await endTasks(services, instance);
  const { instanceId: conversionId, createdTime } = instance;
  const { input, attempt, progress } = contentsOf(instance);
  const { workload, source, firstAttempt = 1 } = input;
  const startedAt = input.startedAt ?? createdTime.toISOString();
  const failure = failureOf("Cancelled", "Somebody terminated the orchestration");
  const submission = progress?.submission ?? null;
  const recorded = await recordFailure(services, {
    conversionId,
    workload,
    source,
    attempt,
    startedAt,
    submission,
    completed: null,
    failure,
  });
  if (recorded.status !== "recorded" || !recorded.isNew) return undefined;
  const seconds = secondsBetween(createdTime, services.now());
  const { name } = source;
  return { conversionId, workload, name, firstAttempt, outcome: "cancelled", result: null, seconds, failure };
}
