import type { Job, Pool } from "../../model/entities.ts";
import type { Engine } from "../engine.ts";
import { mayRunOn } from "../job/preparation.ts";
import { acceptsTasks } from "../node/nodeStates.ts";
import { endRun } from "../task/taskRun.ts";

/**
 * Requeues one task of a job that allows it, to make room for a job of higher priority.
 * https://learn.microsoft.com/azure/batch/batch-pool-node-scheduling
 */
export function makeRoomFor(engine: Engine, pool: Pool, job: Job): void {
  const { priority } = job.record.spec;
  const victims = [...engine.store.jobsOfPool(pool.record.id)]
    .filter(({ record }) => record.spec.allowTaskPreemption && record.spec.priority < priority)
    .sort((a, b) => a.record.spec.priority - b.record.spec.priority)
    .flatMap((victim) => [...victim.runs]);
  // Room is being made already.
  if (victims.length === 0 || victims.some((run) => run.ending === "dropped")) return;

  let smallest = Number.POSITIVE_INFINITY;
  for (const task of job.ready) smallest = Math.min(smallest, task.record.spec.requiredSlots);
  const run = victims.find(
    ({ slots, node, ending }) => ending === undefined && slots >= smallest && acceptsTasks(node) && mayRunOn(job, node),
  );
  if (run !== undefined) endRun(run, "dropped");
}
