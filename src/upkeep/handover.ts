import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { failureOf } from "../model/failures.ts";
import { taskIdOf } from "../model/identity.ts";
import type { ConversionInput } from "../orchestrations/contract.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { ConversionProgress, Stage } from "../orchestrations/stage.ts";
import { readRecord } from "../results/recorded.ts";
import type { Services } from "../services.ts";
import { endTasks } from "./endTasks.ts";
import { patienceSecondsOf, startConversion } from "./instances.ts";

/**
 * Goes on with a conversion that is left behind, where it stands: its task, which has gone on all the time, is watched or
 * published by an orchestration of this version of the app. Nothing is done again, because all that counts is in Batch and
 * in the storage: to add a task that is there changes nothing, and what was decided is carried out.
 */
export async function handOver(
  services: Services,
  client: DurableClient,
  instance: DurableOrchestrationStatus,
): Promise<void> {
  const { input } = contentsOf(instance);
  const again: ConversionInput = {
    ...input,
    patienceSeconds: input.patienceSeconds === undefined ? patienceSecondsOf(services) : input.patienceSeconds,
    startedAt: input.startedAt ?? instance.createdTime.toISOString(),
    resumed: { stage: await stageOf(services, instance), progress: progressOf(instance) },
  };
  await startConversion(client, instance.instanceId, again);
}

/** Where it goes on. What it must not meddle with any more is ended. */
async function stageOf(services: Services, instance: DurableOrchestrationStatus): Promise<Stage> {
  const { instanceId: conversionId } = instance;
  const { input, attempt, renewals } = contentsOf(instance);
  const progress = progressOf(instance);
  const since = services.now().toISOString();
  const record = await readRecord(services, { ...input, conversionId, attempt });
  if (record !== undefined) {
    await endTasks(services, instance);
    return { name: "finished", attempt, since, result: { outcome: record.status, record } };
  }
  const submission = progress?.submission ?? null;
  if (progress?.isCancelled) {
    await endTasks(services, instance);
    const failed = { failure: failureOf("Cancelled"), submission, completed: null, abandoned: null };
    return { name: "recording", attempt, since, failed, isRepeated: false };
  }
  const renewal = renewalOf(conversionId, attempt, renewals, submission?.task.taskId);
  if (renewal === "changing") {
    await endTasks(services, instance);
    return { name: "submitting", attempt: attempt + 1, since, abandoned: null };
  }
  await endTasks(services, instance, { before: attempt });
  return { name: "submitting", attempt, since, abandoned: null, ...(renewal > 0 && { renewal }) };
}

/** What it has said of its last attempt, if it has. It may have died before it had something to say. */
function progressOf(instance: DurableOrchestrationStatus): ConversionProgress | null {
  const { attempt, progress } = contentsOf(instance);
  return progress?.attempt === attempt ? progress : null;
}

/**
 * Which of the tasks of the attempt is the right one. While one takes the place of another, nobody knows, so the attempt
 * is given up: neither has begun, so nothing is lost but a place in the queue.
 */
function renewalOf(
  conversionId: string,
  attempt: number,
  highest: number,
  taskId: string | undefined,
): number | "changing" {
  if (highest === 0 || taskId === undefined) return 0;
  return taskId === taskIdOf(conversionId, attempt, highest) ? highest : "changing";
}
