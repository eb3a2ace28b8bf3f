import type { DurableClient, DurableOrchestrationStatus } from "durable-functions";
import { isAnybodyTold } from "../activities/startTelling.ts";
import type { TaskRef } from "../model/batchTask.ts";
import type { ConversionInput } from "../orchestrations/contract.ts";
import { contentsOf } from "../orchestrations/contract.ts";
import type { Stage } from "../orchestrations/stage.ts";
import { readDecision } from "../results/decision.ts";
import { readRecord } from "../results/recorded.ts";
import type { Services } from "../services.ts";
import { patienceSecondsOf, startConversion } from "./instances.ts";

/**
 * Goes on with a conversion that is left behind, where it stands: its task, which has gone on all the time, is watched or
 * published by an orchestration of this version of the app. Nothing is done again, because all that counts is in Batch and
 * in the storage: to add a task that is there changes nothing, and what was decided is carried out. It does not go by the
 * status of the orchestration, which Durable empties when a history cannot be replayed.
 */
export async function handOver(
  services: Services,
  client: DurableClient,
  instance: DurableOrchestrationStatus,
): Promise<void> {
  const { input } = contentsOf(instance);
  const again: ConversionInput & { readonly startedAt: string } = {
    ...input,
    patienceSeconds: input.patienceSeconds === undefined ? patienceSecondsOf(services) : input.patienceSeconds,
    startedAt: input.startedAt ?? instance.createdTime.toISOString(),
    resumed: { stage: await stageOf(services, instance) },
  };
  await startConversion(services, client, instance.instanceId, again);
}

/** Where it goes on. What it must not meddle with any more is ended. */
async function stageOf(services: Services, instance: DurableOrchestrationStatus): Promise<Stage> {
  const { instanceId: conversionId } = instance;
  const { input } = contentsOf(instance);
  const { attempt, renewal, task, others } = await findTasksOf(services, instance);
  const since = services.now().toISOString();
  await endAll(services, others);

  const record = await readRecord(services, { ...input, conversionId, attempt });
  if (record !== undefined) {
    await endAll(services, task);
    // It may be told twice, but not never.
    const name = isAnybodyTold(services) ? "telling" : "finished";
    return { name, attempt, since, result: { outcome: record.status, record } };
  }
  const decided = (await readDecision(services, conversionId))?.decision.record;
  if (decided !== undefined && decided.error !== null && decided.attempts >= attempt) {
    await endAll(services, task);
    const { code, message, hint } = decided.error;
    const failed = { failure: { code, message, hint }, submission: null, completed: null, abandoned: null };
    return { name: "recording", attempt: decided.attempts, since, failed, isRepeated: false };
  }
  return {
    name: "submitting",
    attempt,
    since,
    abandoned: null,
    ...(renewal > 0 && { renewal }),
    isRepeated: true,
  };
}

interface StandingTasks {
  readonly attempt: number;
  /** Which of the tasks of this attempt is the right one, if there have been several. */
  readonly renewal: number;
  /** None, or the one. */
  readonly task: readonly TaskRef[];
  /** Those of earlier attempts, and those that it has taken the place of. */
  readonly others: readonly TaskRef[];
}

/** How far a conversion has come, by its tasks. */
export async function findTasksOf({ batch }: Services, instance: DurableOrchestrationStatus): Promise<StandingTasks> {
  const id = instance.instanceId;
  const { attempt: least } = contentsOf(instance);
  const [tasks, job] = await Promise.all([batch.findTasks(`${id}-`), batch.findJob()]);
  const numbered = tasks.map((ref) => {
    const [attempt = 0, renewal = 0] = ref.taskId
      .slice(id.length + 1)
      .split("-")
      .map(Number);
    return { ref, attempt, renewal };
  });
  const newest = numbered.toSorted((a, b) => a.attempt - b.attempt || a.renewal - b.renewal).at(-1);
  if (newest === undefined || newest.attempt < least) return { attempt: least, renewal: 0, task: [], others: tasks };
  // A task that is added now would go to another job, and be another one.
  if (newest.ref.jobId !== job?.jobId) return { attempt: newest.attempt + 1, renewal: 0, task: [], others: tasks };
  const { attempt, renewal, ref } = newest;
  return { attempt, renewal, task: [ref], others: tasks.filter((other) => other !== ref) };
}

export async function endAll({ batch }: Services, tasks: readonly TaskRef[]): Promise<void> {
  await Promise.all(tasks.map((task) => batch.terminateTask(task)));
}
