import type { Cancel } from "../../../kit/clock.ts";
import { errorText } from "../../../kit/errorText.ts";
import { durationMs } from "../../duration.ts";
import { endOf, keyOf } from "../../model/entities.ts";
import type { Job, Task } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { TaskEnd, TaskRecord } from "../../model/records.ts";
import type { Engine } from "../engine.ts";

/*
 * The files of a completed task stay on its node for its retention time. There may be very many completed tasks, so one
 * timer serves all of them: when it goes off, whatever is due is looked for.
 */

/** The least time between two looks at all tasks. */
const PAUSE_MS = 1_000;
/** Each costs reading a record and archiving it anew, 0.1 ms in which nothing else happens. */
const MOST_AT_ONCE = 500;

const timers = new WeakMap<Engine, { readonly dueMs: number; readonly cancel: Cancel }>();

/** For a task that ended at this time. */
export function filesUntil({ spec, progress }: TaskRecord, endTime: string): Pick<TaskEnd, "filesUntilMs"> {
  const filesUntilMs = Date.parse(endTime) + durationMs(spec.constraints.retentionTime);
  const hasFiles = progress.node !== undefined && progress.filesCleanedUp !== true;
  return hasFiles && Number.isFinite(filesUntilMs) ? { filesUntilMs } : {};
}

export function removeFilesWhenDue(engine: Engine, { filesUntilMs: dueMs }: Pick<TaskEnd, "filesUntilMs">): void {
  const timer = timers.get(engine);
  if (dueMs === undefined || (timer !== undefined && timer.dueMs <= dueMs)) return;
  timer?.cancel();
  timers.set(engine, { dueMs, cancel: engine.after(dueMs - engine.nowMs(), () => removeDueFiles(engine)) });
}

export async function removeTaskFiles(engine: Engine, task: Task): Promise<void> {
  const place = task.record.progress.node;
  const node = place && engine.store.pools.get(keyOf(place.poolId))?.nodes.get(keyOf(place.nodeId));
  if (node !== undefined) await engine.runner.removeFolder(taskFolder(node, task.job.record.id, task.record.id));
}

function removeDueFiles(engine: Engine): void {
  timers.delete(engine);
  const nowMs = engine.nowMs();
  let nextMs = Number.POSITIVE_INFINITY;
  let removed = 0;
  for (const job of engine.store.jobs.values()) {
    for (const [key, task] of job.tasks) {
      const dueMs = endOf(task)?.filesUntilMs ?? Number.POSITIVE_INFINITY;
      if (dueMs > nowMs || removed === MOST_AT_ONCE) nextMs = Math.min(nextMs, dueMs);
      else if (removeFilesOf(engine, job, key)) removed++;
    }
  }
  if (nextMs === Number.POSITIVE_INFINITY) return;
  removeFilesWhenDue(engine, { filesUntilMs: Math.max(nextMs, nowMs + PAUSE_MS) });
}

/** Gives whether it worked: what does not is left alone until the next look. */
function removeFilesOf(engine: Engine, job: Job, key: string): boolean {
  try {
    const task = engine.store.requireTask(job, key);
    engine.store.completeTask(task, { satisfies: task.end?.satisfies === true }, (changed) => {
      changed.filesCleanedUp = true;
    });
    engine.inBackground(removeTaskFiles(engine, task));
    return true;
  } catch (error) {
    // What is wrong with one task must not keep the files of all others.
    engine.log(errorText(error));
    return false;
  }
}
