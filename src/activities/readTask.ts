import type { CompletedTask, TaskRef, WaitReason } from "../model/batchTask.ts";
import type { Services } from "../services.ts";

export interface ReadTaskInput {
  readonly task: TaskRef;
}

export type TaskStatus =
  | { readonly state: "waiting"; readonly reason: WaitReason | null }
  | { readonly state: "converting"; readonly percent: number | null; readonly startedAt: string | null }
  | { readonly state: "completed"; readonly completed: CompletedTask }
  | { readonly state: "lost"; readonly reason: string };

/** The script prints at most 101 lines of at most 12 bytes. */
const MAX_STDOUT_BYTES = 4096;

/** Looks at the task once: where it stands, why it is waiting, how far it has got. */
export async function readTask({ batch }: Services, { task }: ReadTaskInput): Promise<TaskStatus> {
  const reading = await batch.readTask(task);
  switch (reading.state) {
    case "active":
      return { state: "waiting", reason: await batch.explainWaiting() };
    case "running": {
      // The progress is on the node, which may not answer. The task runs all the same.
      const stdout = await batch.readStdout(task, MAX_STDOUT_BYTES).catch(() => "");
      return { state: "converting", percent: lastPercent(stdout), startedAt: reading.startedAt };
    }
    case "completed":
      return { state: "completed", completed: reading };
    case "lost":
      return reading;
  }
}

/** The number of the last complete `percent=` line; null while there is none. */
function lastPercent(stdout: string): number | null {
  const percent = [...stdout.matchAll(/^percent=(\d+)\n/gm)].at(-1)?.[1];
  return percent === undefined ? null : Number(percent);
}
