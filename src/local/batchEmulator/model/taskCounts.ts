import { isArchived } from "./entities.ts";
import type { Job, Task, TaskCounts } from "./entities.ts";
import type { ArchivedTask } from "./records.ts";

/** Adds a task to the counts of its job, or takes it out. */
export function count(job: Job, task: Task | ArchivedTask, by: 1 | -1): void {
  const state = isArchived(task) ? "completed" : task.record.progress.state;
  const { result } = isArchived(task) ? task : task.record.progress.execution;
  const { requiredSlots } = isArchived(task) ? task : task.record.spec;
  const outcome = state !== "completed" ? undefined : result === "success" ? "succeeded" : "failed";
  for (const [counts, amount] of [
    [job.counts, by],
    [job.slotCounts, by * requiredSlots],
  ] as const satisfies readonly (readonly [TaskCounts, number])[]) {
    counts[state === "preparing" ? "running" : state] += amount;
    if (outcome !== undefined) counts[outcome] += amount;
  }
}
