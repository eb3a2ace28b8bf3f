import { durationMs } from "../../duration.ts";
import { keyOf } from "../../model/entities.ts";
import type { Task } from "../../model/entities.ts";
import { taskFolder } from "../../model/nodeFolders.ts";
import type { Engine } from "../engine.ts";

/** The files of a completed task stay on its node for its retention time. */
export function scheduleRetention(engine: Engine, task: Task): void {
  const { progress, spec } = task.record;
  const { endTime } = progress.execution;
  if (endTime === undefined || progress.node === undefined || progress.filesCleanedUp === true) return;
  const leftMs = Date.parse(endTime) + durationMs(spec.constraints.retentionTime) - engine.nowMs();
  task.cancelRetention?.();
  task.cancelRetention = engine.after(leftMs, () => {
    engine.store.progressTask(task, (changed) => {
      changed.filesCleanedUp = true;
    });
    engine.inBackground(removeTaskFiles(engine, task));
  });
}

export async function removeTaskFiles(engine: Engine, task: Task): Promise<void> {
  const place = task.record.progress.node;
  const node = place && engine.store.pools.get(keyOf(place.poolId))?.nodes.get(keyOf(place.nodeId));
  if (node !== undefined) await engine.runner.removeFolder(taskFolder(node, task.job.record.id, task.record.id));
}
