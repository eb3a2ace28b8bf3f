import type { TaskRef } from "../model/batchTask.ts";
import { taskIdOf } from "../model/identity.ts";
import type { Services } from "../services.ts";

export interface EndTasksInput {
  readonly conversionId: string;
  readonly tasks: readonly TaskRef[];
  /** The attempt whose task may have been added without our knowing: the answer to its request was lost. */
  readonly suspectedAttempt: number | null;
  /** The renewal of that attempt. An earlier version of the app gives none. */
  readonly suspectedRenewal?: number | undefined;
}

/** Ends the tasks that may still be running. Ending them again succeeds. */
export async function endTasks({ batch }: Services, input: EndTasksInput): Promise<void> {
  const { conversionId, tasks, suspectedAttempt, suspectedRenewal } = input;
  const job = suspectedAttempt === null ? undefined : await batch.findJob();
  const suspected =
    job === undefined || suspectedAttempt === null
      ? []
      : [{ ...job, taskId: taskIdOf(conversionId, suspectedAttempt, suspectedRenewal) }];
  await Promise.all([...tasks, ...suspected].map((task) => batch.terminateTask(task)));
}
