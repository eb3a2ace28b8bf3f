import type { TaskRef } from "../model/batchTask.ts";
import type { BatchService } from "../services.ts";

/**
 * Ends a task that waits, and returns whether it is over, so that another one may write what it would have written. It
 * stays in its job: a late request to add it again meets it, and starts nothing.
 *
 * False where it no longer waits: it has begun just now, or it has done its work, or is lost. One that has begun in the
 * very moment between the look and the request is being ended, and its end will be seen.
 */
export async function withdraw(batch: BatchService, task: TaskRef): Promise<boolean> {
  let reading = await batch.readTask(task);
  if (reading.state === "active") {
    await batch.terminateTask(task);
    reading = await batch.readTask(task);
  }
  if (reading.state !== "completed" || reading.succeeded) return false;
  return reading.startedAt === null || reading.failure?.code === "TaskEnded";
}
