import type { CompletedTask, QueueReading, Submission, TaskReading } from "../model/batchTask.ts";
import type { Attempt } from "../model/conversion.ts";
import { withRepairs } from "../nodes/news.ts";
import type { Services } from "../services.ts";
import type { PublishOutput } from "./publish.ts";
import { publish, publishDecided } from "./publish.ts";

export interface ReadTaskInput extends Attempt {
  readonly submission: Submission;
}

export type TaskStatus =
  | ({ readonly state: "waiting" } & QueueReading)
  | { readonly state: "converting"; readonly percent: number | null; readonly startedAt: string | null }
  /** `published`: what has become of it; left out where that could not be done yet. */
  | { readonly state: "completed"; readonly completed: CompletedTask; readonly published?: PublishOutput }
  | { readonly state: "lost"; readonly reason: string }
  /** An earlier run of this look has published it and deleted the task, and its answer was lost. */
  | { readonly state: "published"; readonly published: Extract<PublishOutput, { readonly status: "published" }> }
  /** Batch did not answer, and need not: nobody wants the result any more. */
  | { readonly state: "inputDeleted" | "superseded" };

/** The script prints at most 101 lines of at most 12 bytes. */
const MAX_STDOUT_BYTES = 4096;

/**
 * Looks at the task once: where it stands, what it is waiting for, how far it has got. What a completed one has staged is
 * published at once, because each activity costs a turn of the orchestration. Where that fails, the orchestration does it
 * again, and learns why.
 */
export async function readTask(services: Services, input: ReadTaskInput): Promise<TaskStatus> {
  const seen = await look(services, input);
  if (seen.state !== "completed") return seen;
  const published = await publish(services, { ...input, completed: seen.completed }).catch(() => undefined);
  return published === undefined ? seen : { ...seen, published };
}

async function look(services: Services, input: ReadTaskInput): Promise<TaskStatus> {
  const { batch } = services;
  const { source } = input;
  const { task } = input.submission;
  let reading: TaskReading;
  try {
    reading = await batch.readTask(task);
  } catch (error) {
    const current = await services.blobs.properties(source);
    if (current?.eTag === source.eTag) throw error;
    return { state: current === undefined ? "inputDeleted" : "superseded" };
  }
  switch (reading.state) {
    case "active": {
      const queue = await batch.readQueue(task, reading.addedAt);
      return { state: "waiting", ...queue, reason: await withRepairs(services, queue.reason) };
    }
    case "running": {
      // The progress is on the node, which may not answer. The task runs all the same.
      const stdout = await batch.readStdout(task, MAX_STDOUT_BYTES).catch(() => "");
      return { state: "converting", percent: lastPercent(stdout), startedAt: reading.startedAt };
    }
    case "completed":
      return { state: "completed", completed: reading };
    case "lost": {
      const published = await publishDecided(services, input);
      if (published?.status === "superseded") return { state: "superseded" };
      return published?.status === "published" ? { state: "published", published } : reading;
    }
  }
}

/** The number of the last complete `percent=` line; null while there is none. */
function lastPercent(stdout: string): number | null {
  const percent = [...stdout.matchAll(/^percent=(\d+)\n/gm)].at(-1)?.[1];
  return percent === undefined ? null : Number(percent);
}
